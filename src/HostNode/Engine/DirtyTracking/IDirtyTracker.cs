namespace HostNode.Engine.DirtyTracking;

/// <summary>Which pages of a guest were written since they were last asked for.</summary>
public interface IDirtyTracker : IDisposable
{
    /// <summary><c>wpAsync</c> or <c>cooperative</c>.</summary>
    string Name { get; }

    /// <summary>Begins to note writes. Writes before it are not seen: everything must be sent after it. Safe to repeat.</summary>
    void Arm();

    /// <summary>Bytes of pages written since the last harvest, without taking them.</summary>
    /// <exception cref="IOException">Tracking is broken: what was written is unknown.</exception>
    long Peek();

    /// <summary>Takes the notes: adds the pages to <paramref name="into"/> and starts afresh. A page written again later is noted again.</summary>
    /// <returns>Bytes of pages found.</returns>
    /// <exception cref="IOException">Tracking is broken: what was written is unknown.</exception>
    long Harvest(PageBitmap into);

    /// <summary>Stops. Safe to repeat.</summary>
    void Disarm();
}
