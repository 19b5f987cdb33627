using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>Hands out the info dictionary (BEP 9), a few times over per connection at most.</summary>
internal sealed class MetadataServer(ReadOnlyMemory<byte> info, CommandQueue commands)
{
    /// <summary>Copies of the dictionary one connection may have.</summary>
    public const int MaxCopies = 3;

    private readonly Dictionary<int, int> _served = [];

    /// <summary>Bytes of the dictionary, or 0 when it is too long to be served.</summary>
    public int Size => info.Length <= MetadataMessage.MaxSize ? info.Length : 0;

    /// <summary>A message came; only requests concern us.</summary>
    public PeerFault Receive(PeerState peer, ReadOnlyMemory<byte> payload)
    {
        if (MetadataMessage.TryRead(payload) is not { } message)
            return PeerFault.BadExtension;
        if (message.Kind != MetadataMessageKind.Request || peer.MetadataId == 0)
            return PeerFault.None;
        var pieces = MetadataMessage.PieceCount(Size);
        var served = _served.GetValueOrDefault(peer.Handle.Value);
        if (message.Piece >= pieces || served >= pieces * MaxCopies)
        {
            Send(peer, new MetadataMessage(MetadataMessageKind.Reject, message.Piece, 0, default));
            return PeerFault.None;
        }
        _served[peer.Handle.Value] = served + 1;
        var start = message.Piece * MetadataMessage.PieceSize;
        var data = info.Slice(start, Math.Min(MetadataMessage.PieceSize, info.Length - start));
        Send(peer, new MetadataMessage(MetadataMessageKind.Data, message.Piece, info.Length, data));
        return PeerFault.None;
    }

    /// <summary>A connection ended.</summary>
    public void PeerGone(PeerState peer) => _served.Remove(peer.Handle.Value);

    private void Send(PeerState peer, MetadataMessage message) =>
        commands.SendExtended(peer, peer.MetadataId, message.ToBytes());
}
