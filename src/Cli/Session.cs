using System.CommandLine;
using Cli.Api;
using Cli.Output;

namespace Cli;

/// <summary>One run of a verb: where it talks to, how it prints, whether it may ask.</summary>
internal sealed class Session : IDisposable
{
    private readonly bool _noInput;
    private readonly bool _yes;

    private Session(ApiClient api, OutputFormat format, bool fancy, bool noInput, bool yes)
    {
        Api = api;
        Format = format;
        IsFancy = fancy;
        _noInput = noInput;
        _yes = yes;
    }

    public ApiClient Api { get; }

    public OutputFormat Format { get; }

    /// <summary>A person watches a terminal: colour and live views are welcome.</summary>
    public bool IsFancy { get; }

    public static Session Of(ParseResult parsed)
    {
        var server = parsed.GetValue(GlobalOptions.Server) ?? Environment.GetEnvironmentVariable("LM_SERVER") ?? GlobalOptions.ServerDefault;
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new CliException(ExitCodes.Usage, $"'{server}' is no address of a server", "give it as --server http://HOST:PORT");
        }

        var identity = ClientIdentity.Of(parsed);
        var fancy = !Console.IsOutputRedirected && !parsed.GetValue(GlobalOptions.NoColor) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
        return new Session(new ApiClient(address, identity), parsed.GetValue(GlobalOptions.Format), fancy, parsed.GetValue(GlobalOptions.NoInput), parsed.GetValue(GlobalOptions.Yes));
    }

    /// <summary>Asks before something that cannot be undone. On no terminal it fails and names the option.</summary>
    public void Confirm(string question) => ConfirmAsync(question, () => Task.CompletedTask).GetAwaiter().GetResult();

    /// <summary>The same, with something to look at first: it is shown only to who is asked.</summary>
    public async Task ConfirmAsync(string question, Func<Task> show)
    {
        if (_yes) return;
        if (_noInput || Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            throw new CliException(ExitCodes.Usage, $"this needs a yes: {question}", "add --yes");
        }

        await show();
        Console.Error.Write(question + " [y/N] ");
        if (Console.ReadLine()?.Trim() is not ("y" or "Y" or "yes")) throw new CliException(ExitCodes.Refused, "not confirmed: nothing was done");
    }

    public void Dispose() => Api.Dispose();
}
