using System.Text.Json;
using Coordinator.Shared.Contracts;

namespace HostNode.Hypervisors.Fake;

/// <summary>The receiving end of one memory stream. A broken stream ends nothing: the source may come again with a higher link number.</summary>
internal sealed class FakeIncoming(FakeGuest guest, PeerHello hello, Stream stream, FakeDriverServices services)
{
    public void Start() => new Thread(Run) { IsBackground = true, Name = $"fake in {hello.Vm}" }.Start();

    private void Run()
    {
        using (stream)
        {
            try
            {
                while (FakeFrame.Read(stream) is { } frame)
                {
                    if (guest.Link > hello.Link) return;
                    if (frame.Kind == FakeFrame.Last && !Load(frame)) return;
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException or JsonException)
            {
                // The source hears of it by its own end of the stream.
            }
        }
    }

    private bool Load(FakeFrame last)
    {
        var script = services.Script();
        if (script.LoadMs > 0) services.Clock.Delay(script.LoadMs, () => false);
        var loaded = guest.Change(state => state is { State: GuestRunState.Incoming } && state.Migration == hello.Migration ? state.Load(last.Counter) : state);
        var why = script.FailLoad
            ?? (loaded is not { State: GuestRunState.Loaded } ? "the copy is gone"
            : loaded.Digest != last.Digest ? "digest differs" : null);
        if (why is not null)
        {
            services.Sink.Post(new IncomingFailed(hello.Vm, hello.Migration, why));
            return false;
        }

        services.Sink.Post(new IncomingLoaded(hello.Vm, hello.Migration, loaded!.Digest));
        if (script.LoseAcknowledgement) return false;
        new FakeFrame(FakeFrame.Loaded, loaded.Counter, loaded.Digest).Write(stream);
        return true;
    }
}
