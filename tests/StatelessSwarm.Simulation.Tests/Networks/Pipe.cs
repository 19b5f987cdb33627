using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>
/// One direction of a connection: in order, over its links, with a bounded number of bytes on the way as TCP has. A block counts as
/// sent once it is on the way, as a socket takes it.
/// </summary>
public sealed class Pipe(EventQueue events, VirtualClock clock, Link[] path)
{
    /// <summary>Bytes on the way at most: a socket's buffer.</summary>
    public const int Window = 128 * 1024;

    /// <summary>Queue on a link from which on senders hold back: the buffer of an ordinary router, 200 ms.</summary>
    public const long LongestQueue = VirtualClock.Second / 5;

    private readonly Queue<Frame> _waiting = new();
    private bool _isHeldBack;
    private int _onTheWay;

    public required Action<PeerMessage> OnMessage { get; init; }

    public required Action<BlockRange> OnBlock { get; init; }

    public required Action<BlockRange> OnBlockSent { get; init; }

    public bool IsClosed { get; set; }

    /// <summary>Payload bytes delivered.</summary>
    public long PayloadBytes { get; private set; }

    public long PathDelay => path.Sum(link => link.Delay);

    public void Send(in PeerMessage message) => Enqueue(new Frame(message, default, PeerWire.SizeOf(message)));

    public void SendBlock(BlockRange block) => Enqueue(new Frame(default, block, PeerWire.PieceHeaderSize + block.Length));

    private void Enqueue(Frame frame)
    {
        _waiting.Enqueue(frame);
        Pump();
    }

    private void Pump()
    {
        while (!IsClosed && _waiting.TryPeek(out var frame) && (_onTheWay == 0 || _onTheWay + frame.Size <= Window))
        {
            if (HoldsBack())
                return;
            _waiting.Dequeue();
            _onTheWay += frame.Size;
            if (frame.IsBlock)
                events.After(0, () => ReportSent(frame));
            foreach (var link in path)
                link.Expect(frame.Size);
            Hop(frame, 0);
        }
    }

    private bool HoldsBack()
    {
        var queue = 0L;
        foreach (var link in path)
            queue = Math.Max(queue, link.QueueDelay(clock.Now));
        if (queue < LongestQueue || _isHeldBack)
            return _isHeldBack;
        _isHeldBack = true;
        events.After(queue - LongestQueue + VirtualClock.Second / 100, () =>
        {
            _isHeldBack = false;
            Pump();
        });
        return true;
    }

    private void ReportSent(Frame frame)
    {
        if (!IsClosed)
            OnBlockSent(frame.Block);
    }

    private void Hop(Frame frame, int index)
    {
        if (index < path.Length)
        {
            events.At(path[index].Carry(frame.Size, clock.Now), () => Hop(frame, index + 1));
            return;
        }
        events.After(PathDelay, () =>
        {
            _onTheWay -= frame.Size;
            Pump();
        });
        if (IsClosed)
            return;
        if (frame.IsBlock)
        {
            PayloadBytes += frame.Block.Length;
            OnBlock(frame.Block);
        }
        else
        {
            OnMessage(frame.Message);
        }
    }

    private readonly record struct Frame(PeerMessage Message, BlockRange Block, int Size)
    {
        public bool IsBlock => Block.Length > 0;
    }
}
