using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Output;

/// <summary>Prints one kind of resource in every format.</summary>
/// <param name="Type">For the JSON formats.</param>
/// <param name="Name">For <c>-o name</c>.</param>
/// <param name="Headers">Columns of the table.</param>
/// <param name="Row">Cells of one resource.</param>
internal sealed record Printer<T>(JsonTypeInfo<T> Type, Func<T, string> Name, string[] Headers, Func<T, string[]> Row)
{
    public async Task ListAsync(OutputFormat format, IAsyncEnumerable<T> items)
    {
        switch (format)
        {
            case OutputFormat.Table:
                var table = new TextTable(Headers);
                await foreach (var item in items) table.Add(Row(item));
                Console.Out.Write(table.ToString());
                break;
            case OutputFormat.Json:
                await WriteArrayAsync(items);
                break;
            default:
                await foreach (var item in items) One(format, item);
                break;
        }
    }

    public void One(OutputFormat format, T item)
    {
        switch (format)
        {
            case OutputFormat.Table:
                var table = new TextTable(Headers);
                table.Add(Row(item));
                Console.Out.Write(table.ToString());
                break;
            case OutputFormat.Json: Console.Out.WriteLine(Indented(item)); break;
            case OutputFormat.Jsonl: Console.Out.WriteLine(JsonSerializer.Serialize(item, Type)); break;
            default: Console.Out.WriteLine(Name(item)); break;
        }
    }

    private async Task WriteArrayAsync(IAsyncEnumerable<T> items)
    {
        Console.Out.Write("[");
        var first = true;
        await foreach (var item in items)
        {
            Console.Out.Write((first ? "\n" : ",\n") + Indented(item));
            first = false;
        }

        Console.Out.WriteLine(first ? "]" : "\n]");
    }

    private string Indented(T item)
    {
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(item, Type));
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true })) document.RootElement.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(memory.ToArray());
    }
}
