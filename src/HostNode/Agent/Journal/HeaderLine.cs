using System.Globalization;
using System.Text;
using Coordinator.Shared.Integrity;

namespace HostNode.Agent.Journal;

/// <summary>A line of text followed by the CRC-32C of itself.</summary>
internal static class HeaderLine
{
    public static byte[] Encode(string text)
    {
        var crc = Crc32C.Of(Encoding.ASCII.GetBytes(text));
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text} {crc:x8}\n"));
    }
}
