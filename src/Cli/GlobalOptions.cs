using System.CommandLine;
using Cli.Output;

namespace Cli;

/// <summary>Options that every verb understands.</summary>
internal static class GlobalOptions
{
    public const string ServerDefault = "http://127.0.0.1:7400";

    public static readonly Option<string?> Server = new("--server") { Description = $"Address of the coordinator (LM_SERVER; default {ServerDefault}).", Recursive = true };
    public static readonly Option<OutputFormat> Format = new("--output", "-o") { Description = "table, json, jsonl or name.", Recursive = true, DefaultValueFactory = _ => OutputFormat.Table };
    public static readonly Option<bool> NoColor = new("--no-color") { Description = "No colour and no live view (also NO_COLOR).", Recursive = true };
    public static readonly Option<bool> NoInput = new("--no-input") { Description = "Never ask; fail and name the option instead.", Recursive = true };
    public static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Answer yes to every question.", Recursive = true };
    public static readonly Option<string?> Certificate = new("--certificate") { Description = "Operator's certificate for a server beyond this machine (LM_CERTIFICATE).", Recursive = true };
    public static readonly Option<string?> Key = new("--key") { Description = "Its private key (LM_KEY).", Recursive = true };
    public static readonly Option<string?> Ca = new("--ca") { Description = "CA bundle of the cluster (LM_CA).", Recursive = true };

    public static readonly Option[] All = [Server, Format, NoColor, NoInput, Yes, Certificate, Key, Ca];
}
