namespace Coordinator.Server.Configuration;

/// <summary>How to reach the broker.</summary>
/// <param name="Endpoints">Its nodes; one scheme and one virtual host.</param>
/// <param name="User">Null: the one that this node's certificate names.</param>
/// <param name="Password">From its file; never shown. Null: the certificate says who we are.</param>
/// <param name="CaBundle">Path of the roots that vouch for the broker.</param>
public sealed record RabbitMqSettings(IReadOnlyList<Uri> Endpoints, string? User, string? Password, string CaBundle)
{
    /// <exception cref="ConfigurationProblemException">Not set, no address of a broker, or a secret would be seen by others.</exception>
    public static RabbitMqSettings From(IReadOnlyDictionary<ConfigKey, Setting> found, string caBundle)
    {
        if (!found.TryGetValue(ConfigKeys.RabbitMqEndpoints, out var setting)) throw ConfigurationProblemException.NotSet(ConfigKeys.RabbitMqEndpoints);
        var endpoints = setting.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => Endpoint(text, setting)).ToList();
        if (endpoints.Select(e => (e.Scheme, e.AbsolutePath)).Distinct().Count() != 1) throw Problem(setting, "all must have one scheme and one virtual host");
        var password = found.TryGetValue(ConfigKeys.RabbitMqPasswordFile, out var file) ? PasswordFile.Read(ConfigKeys.RabbitMqPasswordFile, file) : null;
        if (endpoints[0].Scheme == "amqp" && password is null) throw Problem(setting, $"without TLS there is no certificate to know this node by: set {ConfigKeys.RabbitMqPasswordFile.Path}, or use amqps");
        return new RabbitMqSettings(
            endpoints, found.TryGetValue(ConfigKeys.RabbitMqUser, out var user) ? user.Value : null, password, found.TryGetValue(ConfigKeys.RabbitMqCaBundle, out var roots) ? Existing(roots) : caBundle);
    }

    private static Uri Endpoint(string text, Setting setting)
    {
        // The value itself is not repeated: it may hold a password.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0) throw Problem(setting, $"must be {ConfigKeys.RabbitMqEndpoints.Allowed}");
        if (uri.UserInfo.Length > 0) throw Problem(setting, $"no user or password belongs there: set {ConfigKeys.RabbitMqUser.Path} and {ConfigKeys.RabbitMqPasswordFile.Path}");
        if (uri.Scheme == "amqp" && !uri.IsLoopback) throw Problem(setting, $"{uri.Host} is another machine, and amqp:// is not encrypted: use amqps://");
        return uri;
    }

    private static string Existing(Setting file) =>
        File.Exists(file.Value) ? file.Value : throw new ConfigurationProblemException($"{ConfigKeys.RabbitMqCaBundle.Path} = '{file.Value}': there is no such file (from {file.Origin})");

    private static ConfigurationProblemException Problem(Setting setting, string words) => new($"{ConfigKeys.RabbitMqEndpoints.Path}: {words} (from {setting.Origin})");
}
