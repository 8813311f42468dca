using System.Net.Sockets;
using System.Security.Authentication;
using Coordinator.Application.Bus;
using RabbitMQ.Client.Exceptions;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>What the client throws, sorted.</summary>
internal static class BrokerFailure
{
    private const ushort AccessRefused = 403;
    private const ushort PreconditionFailed = 406;
    private const ushort NotAllowed = 530;

    /// <summary>The broker's or the line's doing: it is tried again.</summary>
    public static bool Is(Exception e) => e is RabbitMQClientException or IOException or SocketException or TimeoutException or OperationCanceledException
        or ObjectDisposedException or AuthenticationException or AggregateException;

    /// <summary>One line.</summary>
    public static string Words(Exception e) => string.Join(": ", Causes(e).Select(cause => cause.Message.ReplaceLineEndings(" ")).Distinct());

    /// <summary>Null if trying again may help.</summary>
    public static BusConfigurationException? Refusal(Exception e, RabbitMqOptions options)
    {
        var place = options.Endpoints[0].Authority;
        foreach (var cause in Causes(e))
        {
            switch (cause)
            {
                case AuthenticationFailureException or PossibleAuthenticationFailureException:
                    return new($"{place} refused user '{options.User}': {Words(cause)}; check its {(options.Password is null ? "certificate and the broker's ssl_cert_login_from" : "password file")}", e);
                case AuthenticationException:
                    return new($"{place}: TLS failed, {Words(cause)}; check the CA bundle and the name in the broker's certificate", e);
                case OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused or NotAllowed or PreconditionFailed } refused:
                    return new($"{place} refused user '{options.User}': {refused.ShutdownReason.ReplyText}; check the virtual host and the user's rights", e);
            }
        }

        return null;
    }

    private static IEnumerable<Exception> Causes(Exception e) =>
        e is AggregateException many ? many.InnerExceptions.SelectMany(Causes) : e.InnerException is { } inner ? Causes(inner).Prepend(e) : [e];
}
