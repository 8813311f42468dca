using System.Text;
using Coordinator.Shared.Integrity;
using FsCheck;
using FsCheck.Fluent;
using HostNode.Engine.Transfer;

namespace Engine.Tests;

/// <summary>Both hashes against published vectors.</summary>
public sealed class HashTests
{
    // The xxHash sanity buffer: byte i is the top byte of a 64-bit generator (xxhsum's test vectors).
    private const ulong Prime32 = 2654435761;
    private const ulong Prime64 = 11400714785074694797;

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    public void XxHash64_gives_the_published_value_of_a_text(string text, ulong expected) =>
        Assert.Equal(expected, XxHash64.Of(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData(0, 0, 0xEF46DB3751D8E999)]
    [InlineData(0, Prime32, 0xAC75FDA2929B17EF)]
    [InlineData(1, 0, 0xE934A84ADB052768)]
    [InlineData(1, Prime32, 0x5014607643A9B4C3)]
    [InlineData(4, 0, 0x9136A0DCA57457EE)]
    [InlineData(14, 0, 0x8282DCC4994E35C8)]
    [InlineData(14, Prime32, 0xC3BD6BF63DEB6DF0)]
    [InlineData(222, 0, 0xB641AE8CB691C174)]
    [InlineData(222, Prime32, 0x20CB8AB7AE10C14A)]
    public void XxHash64_gives_the_values_of_its_own_sanity_check(int length, ulong seed, ulong expected)
    {
        var data = new byte[length];
        var generator = Prime32;
        for (var i = 0; i < length; i++)
        {
            data[i] = (byte)(generator >> 56);
            generator *= Prime64;
        }

        Assert.Equal(expected, XxHash64.Of(data, seed));
    }

    [Fact]
    public void Crc32C_gives_the_check_value_of_the_standard() => Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

    [Theory]
    [InlineData(0x00, 0x8A9136AA)]
    [InlineData(0xFF, 0x62A8AB43)]
    public void Crc32C_gives_the_values_of_RFC_3720(byte fill, uint expected)
    {
        var data = new byte[32];
        Array.Fill(data, fill);

        Assert.Equal(expected, Crc32C.Of(data));
    }

    [Fact]
    public void A_checksum_taken_in_pieces_is_the_checksum_of_the_whole() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        ArbMap.Default.GeneratorFor<byte[]>().ToArbitrary(), ArbMap.Default.GeneratorFor<byte[]>().ToArbitrary(),
        (a, b) => Crc32C.Append(Crc32C.Of(a), b) == Crc32C.Of([.. a, .. b])));

    [Fact]
    public void The_checksum_in_strands_is_the_one_taken_bit_by_bit() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(
        Gen.Choose(0, 9000).ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (length, seed) =>
        {
            var data = new byte[length];
            new System.Random(seed).NextBytes(data);
            return Crc32C.Of(data) == BitByBit(data);
        }));

    [Fact]
    public void A_digest_changes_with_any_page_and_with_the_order_of_pages()
    {
        var table = new PageHashTable(16 << 20);
        var empty = table.Digest();
        table[3] = 1;
        table[4] = 2;
        var one = table.Digest();
        (table[3], table[4]) = (2, 1);

        Assert.NotEqual(empty, one);
        Assert.NotEqual(one, table.Digest());
        Assert.NotEqual(empty, new PageHashTable(8 << 20).Digest());
    }

    private static uint BitByBit(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);
        }

        return ~crc;
    }
}
