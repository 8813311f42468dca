namespace Qemu.Tests.Real;

/// <summary>Tests with real QEMU run one after the other: each takes a core.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealQemu
{
    public const string Name = "real QEMU";
}
