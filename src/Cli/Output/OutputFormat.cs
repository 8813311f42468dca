namespace Cli.Output;

internal enum OutputFormat
{
    /// <summary>Aligned columns for people.</summary>
    Table,

    /// <summary>One indented JSON document.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    Jsonl,

    /// <summary>Only names, one a line, for scripts.</summary>
    Name,
}
