using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>Name of a host, its agent and its journal; never reused (rule 18). 1 to 63 characters of <c>a-z 0-9 . -</c>, beginning with a letter or digit.</summary>
[JsonConverter(typeof(NameConverter<HostId>))]
public readonly record struct HostId(string Value) : IName<HostId>
{
    /// <summary>The name read from outside.</summary>
    /// <exception cref="FormatException">Not a valid name; the message says what is allowed.</exception>
    public static HostId Parse(string text) =>
        Names.IsValid(text) ? new HostId(text) : throw new FormatException(Names.Refusal("host", text));

    public static bool TryParse(string? text, out HostId id)
    {
        var valid = Names.IsValid(text);
        id = valid ? new HostId(text!) : default;
        return valid;
    }

    /// <summary>Key of this thing's event stream.</summary>
    public string StreamKey => "host-" + Value;

    public override string ToString() => Value;
}
