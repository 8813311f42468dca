using System.Globalization;
using System.Text;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Journal;

/// <summary>
/// The small file that names the current segment, so that a missing one is noticed, and the length it had when it was made, so that a
/// cut into what was copied is told from a torn tail. One line of text that ends in its own CRC; replaced by rename, never written in place.
/// </summary>
internal sealed record JournalHead(string JournalId, HostId Host, int Segment, long BaseLength)
{
    public const string FileName = "journal-head";
    private const string Magic = "lm-journal-head 1";

    public byte[] Encode() =>
        HeaderLine.Encode(string.Create(CultureInfo.InvariantCulture, $"{Magic} {JournalId} {Host} {Segment} {BaseLength}"));

    /// <exception cref="JournalDamagedException">Any byte differs from what was written.</exception>
    public static JournalHead Decode(byte[] bytes)
    {
        var words = Encoding.ASCII.GetString(bytes).Split(' ');
        if (words.Length == 7
            && HostId.TryParse(words[3], out var host)
            && int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var segment)
            && long.TryParse(words[5], NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            // Written again and compared: any other spelling of the same values is damage too.
            var head = new JournalHead(words[2], host, segment, length);
            if (head.Encode().AsSpan().SequenceEqual(bytes)) return head;
        }

        throw new JournalDamagedException(FileName, 0, "not a journal head, or its check sum is wrong");
    }
}
