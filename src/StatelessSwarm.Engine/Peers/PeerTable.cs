namespace StatelessSwarm.Engine.Peers;

/// <summary>The connections: by handle, and as a list in the order they came.</summary>
internal sealed class PeerTable
{
    private readonly Dictionary<int, PeerState> _byHandle = [];
    private readonly List<PeerState> _list = [];

    /// <summary>Connections, those being closed included.</summary>
    public int Count => _list.Count;

    /// <summary>By order of arrival.</summary>
    public PeerState this[int place] => _list[place];

    /// <summary>The connection, or null.</summary>
    public PeerState? Find(PeerHandle handle) => _byHandle.GetValueOrDefault(handle.Value);

    /// <summary>A new connection.</summary>
    public void Add(PeerState peer)
    {
        _byHandle.Add(peer.Handle.Value, peer);
        _list.Add(peer);
    }

    /// <summary>A connection is gone.</summary>
    public void Remove(PeerState peer)
    {
        _byHandle.Remove(peer.Handle.Value);
        _list.Remove(peer);
    }
}
