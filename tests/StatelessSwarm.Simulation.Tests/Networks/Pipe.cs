using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Simulation.Tests.Networks;

/// <summary>
/// One direction of a connection: messages before blocks and else in order, over its links, with a bounded number of bytes on the way as TCP has. A block counts as
/// sent once it is on the way, as a socket takes it.
/// </summary>
public sealed class Pipe(EventQueue events, VirtualClock clock, Link[] path)
{
    /// <summary>Bytes on the way at most: a socket's buffer.</summary>
    public const int Window = 128 * 1024;

    private const int Turn = 16 * 1024;

    private readonly Queue<Frame> _messages = new();
    private readonly Queue<Frame> _blocks = new();
    private bool _isHeldBack;
    private int _onTheWay;

    public required Action<PeerMessage> OnMessage { get; init; }

    public required Action<BlockRange> OnBlock { get; init; }

    public required Action<BlockRange> OnBlockSent { get; init; }

    public bool IsClosed { get; set; }

    /// <summary>The network is cut: what is sent waits, as TCP repeats it, until it is whole again.</summary>
    public bool IsCut
    {
        get;
        set
        {
            field = value;
            Pump();
        }
    }

    /// <summary>Payload bytes delivered.</summary>
    public long PayloadBytes { get; private set; }

    public long PathDelay => path.Sum(link => link.Delay);

    public void Send(in PeerMessage message) => Enqueue(new Frame(message, default, PeerWire.SizeOf(message)));

    public void SendBlock(BlockRange block) => Enqueue(new Frame(default, block, PeerWire.PieceHeaderSize + block.Length));

    private void Enqueue(Frame frame)
    {
        (frame.IsBlock ? _blocks : _messages).Enqueue(frame);
        Pump();
    }

    /// <summary>A link that was full has room for a block, or for as many small frames as make one.</summary>
    public void Resume()
    {
        _isHeldBack = false;
        for (var bytes = 0; bytes < Turn && !IsCut && HasNext(out var frame); bytes += frame.Size)
            SetOut(frame);
        Pump();
    }

    private void Pump()
    {
        while (!_isHeldBack && !IsCut && HasNext(out var frame))
        {
            if (Array.Find(path, link => link.IsFull(clock.Now)) is { } full)
            {
                _isHeldBack = true;
                full.HoldBack(this, events, clock);
                return;
            }
            SetOut(frame);
        }
    }

    private bool HasNext(out Frame frame) =>
        (_messages.TryPeek(out frame) || _blocks.TryPeek(out frame)) && !IsClosed && (_onTheWay == 0 || _onTheWay + frame.Size <= Window);

    private void SetOut(Frame frame)
    {
        (frame.IsBlock ? _blocks : _messages).Dequeue();
        _onTheWay += frame.Size;
        if (frame.IsBlock)
            events.After(0, () => ReportSent(frame));
        foreach (var link in path)
            link.Expect(frame.Size);
        Hop(frame, 0);
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
