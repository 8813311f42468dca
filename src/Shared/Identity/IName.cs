namespace Coordinator.Shared.Identity;

/// <summary>An identifier that travels as its text.</summary>
public interface IName<TSelf> where TSelf : struct, IName<TSelf>
{
    string Value { get; }

    /// <exception cref="FormatException">Not a valid name of this kind.</exception>
    static abstract TSelf Parse(string text);
}
