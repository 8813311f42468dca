using System.Text.Json;
using Qemu.Tests.Real;
using Qemu.Tests.Support;
using Xunit.Abstractions;

namespace Qemu.Tests.Lab;

/// <summary>The bar for real QEMU: a guest with a client moves ten times between two hosts, driven by the product, and the client never knows.</summary>
[Collection(RealQemu.Name)]
public sealed class TenMigrationsTests(ITestOutputHelper output)
{
    private const int Moves = 10;

    [NetworkFact]
    public async Task A_guest_moves_ten_times_and_its_client_loses_nothing()
    {
        await using var product = await ProductInNamespaces.StartAsync(megabits: 1000);
        await product.StartGuestAsync(workingSet: 32, rate: 8);
        var probe = product.StartProbe();
        var moved = new List<(double From, double To, JsonElement Status)>();
        for (var move = 1; move <= Moves; move++)
        {
            var to = move % 2 == 1 ? 'B' : 'A';
            var from = Now();
            var status = (await product.MigrateAsync(to)).GetProperty("status");
            moved.Add((from, Now(), status));
            Assert.True(status.GetProperty("outcome").GetString() == "Completed", status.ToString());
            await product.MemoryChecksAsync(to, more: 1);
            Assert.Empty(product.GuestsAt(to == 'A' ? 'B' : 'A'));
        }

        var seen = await probe.StopAsync();
        foreach (var (from, to, status) in moved)
        {
            var silence = seen.Tcp.Gaps.Where(g => g.At > from && g.At < to).Select(g => g.S * 1000).DefaultIfEmpty(0).Max();
            output.WriteLine($"blackout {Figure(status, "blackoutMs")} ms, forecast {Figure(status, "forecastMs")} ms, client's longest silence {silence:0} ms, {to - from:0.0} s in all, rounds {status.GetProperty("round")}");
        }

        output.WriteLine($"lines {seen.Tcp.Lines} tcp, {seen.Udp.Lines} udp; jumps {seen.Tcp.Jumps} tcp, {seen.Udp.Jumps} udp");
        Assert.Empty(seen.Tcp.Breaks!);
        Assert.Single(seen.Tcp.Connects!);
        Assert.Equal(0, seen.Tcp.Jumps);
        Assert.Empty(seen.Tcp.Dup);
        Assert.Empty(seen.Udp.Dup);
        Assert.True(seen.Tcp.Lines > 1000, "the client must have seen the guest all the time");
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static string Figure(JsonElement status, string name) => status.TryGetProperty(name, out var value) ? value.GetDouble().ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) : "?";
}
