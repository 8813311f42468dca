using System.Buffers;
using System.Text;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Domain.Migrations;
using FsCheck;
using FsCheck.Fluent;

namespace Domain.Tests.Machine;

/// <summary>Records that share chunks, and events that share objects, are what they would be alone.</summary>
public sealed class EncodingProperties
{
    [Fact]
    public void Records_of_any_length_written_in_any_pieces_stay_as_they_were_written() =>
        Prop.ForAll(Gen.Choose(0, 9_000).ArrayOf(20).ArrayOf(10).ToArbitrary(), records =>
        {
            var buffer = new RecordBuffer();
            var written = new List<(ReadOnlyMemory<byte> Record, byte[] Expected)>();
            byte next = 0;
            foreach (var pieces in records)
            {
                buffer.Begin();
                var expected = new List<byte>();
                foreach (var length in pieces)
                {
                    var piece = Enumerable.Repeat(++next, length).ToArray();
                    buffer.Write(piece);
                    expected.AddRange(piece);
                }

                written.Add((buffer.End(), [.. expected]));
            }

            return written.All(w => w.Record.Span.SequenceEqual(w.Expected));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_event_read_from_a_short_body_is_the_one_that_was_written_however_many_others_were_read_before()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 500; i++)
            {
                var body = Encoding.UTF8.GetBytes($$"""{"reason":"because {{i}}"}""");
                Assert.Equal(new MigrationCancelling($"because {i}"), EventCatalog.Read(nameof(MigrationCancelling), 1, body));
            }
        }
    }

    [Fact]
    public void A_body_that_is_no_json_is_refused_also_where_the_type_has_no_content() =>
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => EventCatalog.Read(nameof(PermitReturned), 1, "{"u8));
}
