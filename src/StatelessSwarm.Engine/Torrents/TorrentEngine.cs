using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>
/// The mind of one torrent: events in, commands out; no I/O, no tasks, no clock but the given one. Single owner: calls must
/// not overlap. After each call (or batch of calls) the owner drains <see cref="TryDequeue"/> and schedules
/// <see cref="Advance"/> for <see cref="NextAdvance"/>. Equal options, random seed and events give equal commands.
/// </summary>
public sealed partial class TorrentEngine
{
    /// <summary>An engine for a v2 or hybrid torrent.</summary>
    public TorrentEngine(TorrentInfo info, PieceLayers layers, EngineOptions options, TimeProvider time, ulong randomSeed) =>
        throw new NotImplementedException();

    /// <summary>Begins, with the pieces already on disk and verified. Call once, first.</summary>
    public void Start(IEnumerable<PieceIndex> verified) => throw new NotImplementedException();

    /// <summary>Somebody told us of a peer. Duplicates are welcome; the engine decides whether and when to connect.</summary>
    public void PeerDiscovered(IPEndPoint endPoint, PeerSource source, PeerReach reach) => throw new NotImplementedException();

    /// <summary>A <see cref="EngineCommandKind.Connect"/> came to nothing.</summary>
    public void ConnectFailed(IPEndPoint endPoint) => throw new NotImplementedException();

    /// <summary>A connection has finished its handshakes (both directions).</summary>
    public void PeerConnected(PeerHandle peer, ConnectedPeer connection) => throw new NotImplementedException();

    /// <summary>A connection is gone, for whatever reason, ours included. Call exactly once per connected peer.</summary>
    public void PeerDisconnected(PeerHandle peer) => throw new NotImplementedException();

    /// <summary>A message other than Piece arrived.</summary>
    public void MessageReceived(PeerHandle peer, in PeerMessage message) => throw new NotImplementedException();

    /// <summary>
    /// A Piece message arrived. <paramref name="leaf"/> is the SHA-256 of its data. Answered by exactly one
    /// <see cref="EngineCommandKind.WriteBlock"/> or <see cref="EngineCommandKind.DropBlock"/> with <paramref name="token"/>.
    /// </summary>
    public void BlockReceived(PeerHandle peer, BlockRange block, Sha256Digest leaf, long token) =>
        throw new NotImplementedException();

    /// <summary>A <see cref="EngineCommandKind.SendBlock"/> left our hands (handed to the kernel), or was given up.</summary>
    public void BlockSent(PeerHandle peer, BlockRange block) => throw new NotImplementedException();

    /// <summary>Time has passed: timers are looked at.</summary>
    public void Advance() => throw new NotImplementedException();

    /// <summary>When <see cref="Advance"/> wants to be called, as a timestamp of the given clock; null for never.</summary>
    public long? NextAdvance => throw new NotImplementedException();

    /// <summary>Next command, in order; false when there is none.</summary>
    public bool TryDequeue(out EngineCommand command) => throw new NotImplementedException();

    /// <summary>True for pieces that may be served.</summary>
    public bool HasPiece(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>True once every piece is verified.</summary>
    public bool IsComplete => throw new NotImplementedException();

    /// <summary>Counters now.</summary>
    public EngineStatus Status => throw new NotImplementedException();
}
