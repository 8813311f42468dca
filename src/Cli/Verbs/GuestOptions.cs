using System.CommandLine;
using System.Text.Json;
using Cli.Output;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Cli.Verbs;

/// <summary>What a guest is, from the command line or from a file.</summary>
internal sealed class GuestOptions
{
    private readonly Option<string?> _spec = new("--spec") { Description = "JSON file with the guest's specification; the options below add nothing then." };
    private readonly Option<string> _driver = new("--driver") { Description = "native (a synthetic guest) or qemu.", DefaultValueFactory = _ => "native" };
    private readonly Option<string> _memory = new("--memory") { Description = "RAM, e.g. 64Mi.", DefaultValueFactory = _ => "64Mi" };
    private readonly Option<int> _vcpus = new("--vcpus") { Description = "Virtual CPUs.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _workingSet = new("--working-set") { Description = "Memory a synthetic guest writes again and again.", DefaultValueFactory = _ => "8Mi" };
    private readonly Option<string> _dirtyRate = new("--dirty-rate") { Description = "How fast it writes, e.g. 4Mi/s.", DefaultValueFactory = _ => "4Mi/s" };
    private readonly Option<string?> _kernel = new("--kernel") { Description = "qemu: kernel image on the host." };
    private readonly Option<string?> _initrd = new("--initrd") { Description = "qemu: initial RAM disk." };
    private readonly Option<string?> _append = new("--append") { Description = "qemu: kernel command line." };

    public IEnumerable<Option> All => [_spec, _driver, _memory, _vcpus, _workingSet, _dirtyRate, _kernel, _initrd, _append];

    /// <exception cref="CliException">A file that cannot be read, or an amount that is none.</exception>
    public GuestSpec Read(ParseResult parsed)
    {
        if (parsed.GetValue(_spec) is { } file) return FromFile(file);
        var spec = new GuestSpec(parsed.GetRequiredValue(_driver), Sizes.Parse(parsed.GetRequiredValue(_memory), "--memory"), parsed.GetValue(_vcpus));
        if (spec.Driver == "qemu") return spec with { Qemu = new QemuMachine(parsed.GetValue(_kernel), parsed.GetValue(_initrd), parsed.GetValue(_append)) };
        var rate = Sizes.Parse(parsed.GetRequiredValue(_dirtyRate), "--dirty-rate");
        return spec with { Load = new SyntheticLoad(Sizes.Parse(parsed.GetRequiredValue(_workingSet), "--working-set"), new ByteRate(rate.Value)) };
    }

    private static GuestSpec FromFile(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), WireJson.Default.GuestSpec) ?? throw new CliException(ExitCodes.Usage, $"{file} is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CliException(ExitCodes.Usage, $"cannot read the guest's specification from {file}: {e.Message}");
        }
    }
}
