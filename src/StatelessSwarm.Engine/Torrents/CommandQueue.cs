using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>Commands waiting for the shell, in a ring that grows to its high-water mark and is then never allocated again.</summary>
internal sealed class CommandQueue(EngineClock clock)
{
    private EngineCommand[] _ring = new EngineCommand[256];
    private int _head;

    /// <summary>Commands waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all that was sent to peers, block data not among them.</summary>
    public long ControlBytes { get; private set; }

    /// <summary>Sends a message; a web seed understands only two kinds.</summary>
    public void Send(PeerState peer, in PeerMessage message)
    {
        if (peer.IsWebSeed && message.Kind is not (PeerMessageKind.Request or PeerMessageKind.Cancel))
            return;
        peer.LastSentAt = clock.Now;
        if (!peer.IsWebSeed)
            ControlBytes += PeerWire.SizeOf(message);
        Enqueue(new EngineCommand(EngineCommandKind.Send, peer.Handle, message));
    }

    /// <summary>Sends a message without a body.</summary>
    public void Send(PeerState peer, PeerMessageKind kind) => Send(peer, new PeerMessage(kind));

    /// <summary>Sends a request, cancel or reject.</summary>
    public void Send(PeerState peer, PeerMessageKind kind, BlockRange block) =>
        Send(peer, new PeerMessage(kind, block.Piece.Value, block.Begin, block.Length));

    /// <summary>Sends an extended message.</summary>
    public void SendExtended(PeerState peer, byte id, ReadOnlyMemory<byte> payload) =>
        Send(peer, new PeerMessage(PeerMessageKind.Extended, ExtendedId: id, Payload: payload));

    /// <summary>Reads and sends a block.</summary>
    public void SendBlock(PeerState peer, BlockRange block)
    {
        peer.LastSentAt = clock.Now;
        ControlBytes += PeerWire.PieceHeaderSize;
        Enqueue(new EngineCommand(EngineCommandKind.SendBlock, peer.Handle, Block: block));
    }

    /// <summary>Hashes the blocks of a piece.</summary>
    public void HashBlocks(PeerState peer, BlockRange piece) =>
        Enqueue(new EngineCommand(EngineCommandKind.HashBlocks, peer.Handle, Block: piece));

    /// <summary>Writes a block.</summary>
    public void WriteBlock(BlockRange block, long token) =>
        Enqueue(new EngineCommand(EngineCommandKind.WriteBlock, Block: block, Token: token));

    /// <summary>Drops a block.</summary>
    public void DropBlock(BlockRange block, long token) =>
        Enqueue(new EngineCommand(EngineCommandKind.DropBlock, Block: block, Token: token));

    /// <summary>Checks a piece.</summary>
    public void CheckPiece(BlockRange piece) => Enqueue(new EngineCommand(EngineCommandKind.CheckPiece, Block: piece));

    /// <summary>Hashes the blocks of a piece of ours.</summary>
    public void HashPiece(BlockRange piece) => Enqueue(new EngineCommand(EngineCommandKind.HashPiece, Block: piece));

    /// <summary>Records a piece.</summary>
    public void PieceVerified(BlockRange piece) => Enqueue(new EngineCommand(EngineCommandKind.PieceVerified, Block: piece));

    /// <summary>Tells that all is there.</summary>
    public void Completed() => Enqueue(new EngineCommand(EngineCommandKind.Completed));

    /// <summary>Closes a connection.</summary>
    public void Disconnect(PeerHandle peer, PeerFault fault) =>
        Enqueue(new EngineCommand(EngineCommandKind.Disconnect, peer, Fault: fault));

    /// <summary>Opens a connection.</summary>
    public void Connect(IPEndPoint endPoint) => Enqueue(new EngineCommand(EngineCommandKind.Connect, EndPoint: endPoint));

    /// <summary>Reports an endpoint that a peer told us of.</summary>
    public void PeerHeard(IPEndPoint endPoint, bool isNear) =>
        Enqueue(new EngineCommand(EngineCommandKind.PeerHeard, EndPoint: endPoint, IsNear: isNear));

    /// <summary>Tells that a peer has turned out to be near.</summary>
    public void PeerNear(PeerState peer) => Enqueue(new EngineCommand(EngineCommandKind.PeerNear, peer.Handle));

    /// <summary>Takes the oldest command.</summary>
    public bool TryDequeue(out EngineCommand command)
    {
        if (Count == 0)
        {
            command = default;
            return false;
        }
        command = _ring[_head];
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        return true;
    }

    private void Enqueue(in EngineCommand command)
    {
        if (Count == _ring.Length)
            Grow();
        _ring[(_head + Count) & (_ring.Length - 1)] = command;
        Count++;
    }

    private void Grow()
    {
        var larger = new EngineCommand[_ring.Length * 2];
        for (var index = 0; index < Count; index++)
            larger[index] = _ring[(_head + index) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
