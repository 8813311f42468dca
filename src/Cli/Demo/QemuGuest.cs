using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Cli.Demo;

/// <summary>A real guest that needs nothing but QEMU: <c>guest.s</c>, assembled, as an option ROM.</summary>
internal sealed class QemuGuest(string directory)
{
    private const int RomSize = 512;

    // guest.s up to its last byte that is not zero.
    private const string Code =
        "VaoB+jHAjtiO0LwAfGYxwIzIZsHgBGYFoAAAAGajAn7HBgB+DwDkkgwC5pLoTQBmvwAAQABkZ2aJP2aBxwAQAABmgf8AAEADcuuwUubpZr8AAEAA+/ToIwC5QABkZ2b/RwhmgccAEAAAZoH/"
        + "AACAAHIGZr8AAEAA4uLr2PoxwI7YZg8BFgB+DyDADAEPIsC7CACO4yT+DyLAw420AABmkAAAAAAAAAAA//8AAACSzw==";

    private string Rom => Path.Combine(directory, "guest.rom");

    /// <summary>RAM is no multiple of 256 KiB: with one, QEMU 7.2 under TCG loses guest writes while it migrates.</summary>
    public GuestSpec Spec(string vm) => new("qemu", new ByteCount(65_544L * 1024), 1)
    {
        Qemu = new QemuMachine(ExtraArguments: ["-option-rom", Rom, "-debugcon", "file:" + Said(vm)]),
    };

    /// <summary>Writes the ROM; its bytes must add up to 0 (mod 256), or the BIOS passes it over.</summary>
    public void Write()
    {
        var rom = new byte[RomSize];
        Convert.FromBase64String(Code).CopyTo(rom, 0);
        rom[^1] = (byte)-rom.Sum(value => value);
        File.WriteAllBytes(Rom, rom);
    }

    /// <summary>It has filled its memory and writes now.</summary>
    public bool Writes(string vm) => File.Exists(Said(vm)) && new FileInfo(Said(vm)).Length > 0;

    private string Said(string vm) => Path.Combine(directory, vm + ".debug");
}
