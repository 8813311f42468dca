using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>Name of a virtual machine. 1 to 63 characters of <c>a-z 0-9 . -</c>, beginning with a letter or digit.</summary>
[JsonConverter(typeof(NameConverter<VmId>))]
public readonly record struct VmId(string Value) : IName<VmId>
{
    /// <summary>The name read from outside.</summary>
    /// <exception cref="FormatException">Not a valid name; the message says what is allowed.</exception>
    public static VmId Parse(string text) =>
        Names.IsValid(text) ? new VmId(text) : throw new FormatException(Names.Refusal("vm", text));

    public static bool TryParse(string? text, out VmId id)
    {
        var valid = Names.IsValid(text);
        id = valid ? new VmId(text!) : default;
        return valid;
    }

    /// <summary>Key of this thing's event stream.</summary>
    public string StreamKey => "vm-" + Value;

    public override string ToString() => Value;
}
