using System.Globalization;

namespace Coordinator.Server.Api;

/// <summary>Collects what is wrong with the fields of one body.</summary>
public sealed class FieldErrors(string prefix)
{
    private readonly Dictionary<string, string[]> _errors = [];

    public void Range(string field, long value, long min, long max)
    {
        if (value < min || value > max) Add(field, string.Create(CultureInfo.InvariantCulture, $"is {value}, must be {min} to {max}"));
    }

    public void OneOf(string field, string value, params string[] words)
    {
        if (!words.Contains(value, StringComparer.Ordinal)) Add(field, $"is '{value}', must be {string.Join(" or ", words)}");
    }

    public void Add(string field, string detail) => _errors[prefix + field] = [detail];

    /// <exception cref="RefusedException">At least one field is wrong.</exception>
    public void ThrowIfAny()
    {
        if (_errors.Count == 0) return;
        var detail = string.Join("; ", _errors.Select(error => $"{error.Key} {error.Value[0]}"));
        throw new RefusedException(new ApiProblem(400, "badRequest", "Bad request", detail, "correct the fields and send the request again") { Errors = _errors });
    }
}
