using Coordinator.Application.Store;

namespace Contract.Tests.Stores;

/// <summary>One database and how to reach it: what an adapter brings so that the contract can be checked on it.</summary>
public abstract class StoreUnderTest : IDisposable
{
    public const int ShardCount = 16;

    private readonly List<IEventStore> _opened = [];

    /// <summary>Another handle on the same database, as another process would have. Closed with this object.</summary>
    public IEventStore Open()
    {
        var store = Connect();
        _opened.Add(store);
        return store;
    }

    /// <summary>What an operator may do at any time: costs time, loses nothing.</summary>
    public abstract void DeleteSnapshots();

    public void CloseAll()
    {
        foreach (var store in _opened) store.Dispose();
        _opened.Clear();
    }

    public void Dispose()
    {
        CloseAll();
        Destroy();
        GC.SuppressFinalize(this);
    }

    protected abstract IEventStore Connect();

    protected abstract void Destroy();
}
