using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Networks;

/// <summary>
/// One direction of a connection, from its sender's socket to its receiver. Messages before blocks that no socket has taken yet, everything
/// else in order, as on a TCP connection; bytes on the way are bounded by a window. Frames leave in trains.
/// <list type="bullet">
/// <item>On the LAN the window is a socket buffer and what fits on the way.</item>
/// <item>Over the WAN it starts at one block (ten segments, RFC 6928), grows by what is acknowledged (slow start) and is bounded by the
/// receiving site's link: an equal share, among the flows there are, of what fits on the way and in the link's buffer. That is
/// what congestion control comes to, without its saw teeth.</item>
/// <item>Loss bounds the rate as in Mathis et al. 1997: 1.22 segments per round trip and square root of the loss.</item>
/// </list>
/// The sender's half is touched only by events of the sender's site, the receiver's only by those of the receiver's.
/// </summary>
internal sealed class Pipe : EventTarget
{
    /// <summary>Bytes a socket takes before they are on the way.</summary>
    public const int SocketBuffer = 128 * 1024;

    private const int SegmentBytes = 1448;
    private const double MathisFactor = 1.22;
    private const int CountShift = 40;

    // Events at the receiver's site.
    private const int Delivered = 0;
    private const int SmallDelivered = 1;
    private const int AtSite = 2;
    private const int AtHost = 3;

    // Events at the sender's site.
    private const int Acknowledged = 4;
    private const int OtherEnd = 5;

    /// <summary>The site is whole again: the pipe takes turns at its uplink.</summary>
    public const int Whole = 6;

    private readonly int _grain;
    private readonly long _roundTrip;
    private readonly double _pacePerByte;

    // The sender's half.
    private FrameQueue _accepted;
    private FrameQueue _waiting;
    private long _window;
    private long _inFlight;
    private bool _hasTrain;
    private long _lastPosted;

    // The receiver's half.
    private FrameQueue _arriving;
    private long _lastArrival;
    private int _small;
    private Queue<int>? _earlierSmall;
    private bool _maySmallJoin;
    private long _smallAt;
    private long _flowSeen = -1;
    private long _hostFlowSeen = -1;

    public Pipe(SimNode from, SimNode to, PeerHandle handle, int life, int grain)
    {
        From = from;
        To = to;
        Handle = handle;
        Life = life;
        IsLan = from.Site == to.Site;
        _grain = grain;
        Delay = IsLan ? SimSite.LanDelay : from.Site.Delay + to.Site.Delay + 2 * SimSite.LanDelay;
        _roundTrip = 2 * Delay;
        var rate = IsLan ? Least(from.Up.Wire.Rate, to.Down.Rate) : 0;
        _window = IsLan ? Math.Max(SocketBuffer, 2 * BlockBytes) + (long)(rate * _roundTrip / VirtualClock.Second) : BlockBytes;
        var loss = IsLan ? 0 : from.Site.Up.Loss + to.Site.Down.Loss;
        if (loss > 0)
            _pacePerByte = _roundTrip * Math.Sqrt(loss) / (SegmentBytes * MathisFactor);
    }

    /// <summary>Whose frames these are.</summary>
    public SimNode From { get; }

    /// <summary>Who gets them.</summary>
    public SimNode To { get; }

    /// <summary>What the sender's engine calls the connection.</summary>
    public PeerHandle Handle { get; }

    /// <summary>The other direction.</summary>
    public Pipe Back { get; set; } = null!;

    /// <summary>The sender's life that the connection belongs to.</summary>
    public int Life { get; }

    /// <summary>The sender's end is open.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Both ends are at one site.</summary>
    public bool IsLan { get; }

    /// <summary>One way, in nanoseconds.</summary>
    public long Delay { get; }

    /// <summary>It takes turns at its uplink, or waits at a full link.</summary>
    public bool IsListed { get; set; }

    /// <summary>It has waited at a full link, and may send a train now.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Nothing may leave before.</summary>
    public long PacedUntil { get; private set; }

    /// <summary>Something may leave.</summary>
    public bool HasFrames => _accepted.Count > 0;

    /// <summary>Ethernet bytes of the next frame.</summary>
    public long NextBytes => HasFrames ? WireBytes(_accepted[0]) : 0;

    /// <summary>Blocks that the engine has handed over and no socket has taken.</summary>
    public int WaitingBlocks => _waiting.Count;

    /// <summary>Bytes of them, as the engine counts.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Messages and blocks in the socket.</summary>
    public int AcceptedFrames => _accepted.Count;

    /// <summary>Frames that have left and not come. The receiver's half.</summary>
    public int ArrivingFrames => _arriving.Count;

    private int BlockBytes => BlockRange.BlockSize * _grain;

    /// <summary>Sends a message.</summary>
    public void Send(in PeerMessage message)
    {
        var frame = Frame.Of(message);
        From.Site.Count(frame, IsLan);
        if (_hasTrain || _accepted.Count > 0 || WholeAt(From.Site.Clock.Now) > From.Site.Clock.Now)
        {
            _accepted.Enqueue(frame);
            From.Up.Ready(this);
            return;
        }
        var bytes = frame.Size + Link.PacketHeader;
        var left = From.Up.CarrySmall(bytes);
        if (IsLan)
            SendSmall(frame, bytes, left);
        else
            Post(From.Site.Up.CarrySmall(bytes, left), Pack(1, bytes), frame);
    }

    /// <summary>Sends a block; it counts as sent (<see cref="SimNode.Sent"/>) once the socket has taken it.</summary>
    public void SendBlock(BlockRange block, bool isWrong)
    {
        _waiting.Enqueue(Frame.Of(block, _grain, isWrong));
        WaitingBytes += block.Length;
        Accept();
    }

    /// <summary>The connection is gone: what has not left never will.</summary>
    public void Close()
    {
        IsOpen = false;
        _waiting.Clear();
        WaitingBytes = 0;
        _accepted.Clear();
    }

    /// <summary>The link that keeps it from sending now, or null.</summary>
    public Link? FullLink(long now)
    {
        if (IsReleased)
            return null;
        var link = IsLan ? To.Down : From.Site.Up;
        return link.IsFull(now) ? link : null;
    }

    /// <summary>The first moment from <paramref name="time"/> on at which both ends are on one side of their site, where they share one.</summary>
    public long WholeAt(long time) => IsLan ? From.Site.WholeAt(From, To, time) : time;

    /// <summary>How many frames leave together: small ones and one block, or as many blocks as <paramref name="most"/> bytes hold.</summary>
    public int NextTrain(long most, out long bytes)
    {
        _hasTrain = true;
        IsReleased = false;
        bytes = 0;
        var payload = 0L;
        var count = 0;
        for (; count < _accepted.Count; count++)
        {
            ref var frame = ref _accepted[count];
            if (frame.IsBlock && payload > 0 && payload + frame.Size > most)
                break;
            bytes += WireBytes(frame);
            if (frame.IsBlock)
                payload += frame.Size;
        }
        if (_pacePerByte > 0)
            PacedUntil = Math.Max(From.Site.Clock.Now, PacedUntil) + (long)(payload * _pacePerByte);
        return count;
    }

    /// <summary>A train has left the host.</summary>
    public void Leave(int count)
    {
        _hasTrain = false;
        // Closed meanwhile: the kernel has thrown away what it held.
        count = Math.Min(count, _accepted.Count);
        if (count == 0)
            return;
        // What was said meanwhile rides along.
        while (count < _accepted.Count && !_accepted[count].IsBlock)
            count++;
        var bytes = 0L;
        if (IsLan)
        {
            for (var place = count; place > 0; place--)
            {
                var frame = _accepted.Dequeue();
                bytes += WireBytes(frame);
                _arriving.Enqueue(frame);
            }
            var at = Math.Max(_lastArrival, To.Down.Carry(bytes, From.Site.Clock.Now + Delay));
            _lastArrival = at;
            _maySmallJoin = false;
            From.Site.Events.Push(at, this, Delivered, Pack(count, bytes));
            return;
        }
        for (var place = 0; place < count; place++)
            bytes += WireBytes(_accepted[place]);
        var left = From.Site.Up.Carry(bytes, From.Site.Clock.Now);
        for (var place = count; place > 0; place--)
            Post(left, place == 1 ? Pack(count, bytes) : 0, _accepted.Dequeue());
    }

    /// <summary>A frame from another site is on its way to this one's. The receiver's half.</summary>
    public void Expect(in Frame frame) => _arriving.Enqueue(frame);

    /// <summary>The receiver has taken blocks in: the window opens. Called at the receiver's site.</summary>
    public void Acknowledge(int blocks)
    {
        if (IsLan)
        {
            Open((long)blocks * BlockBytes);
            return;
        }
        var share = Math.Min(Share(To.Site.Down), Share(To.Down));
        To.Site.Post(From.Site, To.Site.Clock.Now + Delay, this, Acknowledged, Pack(blocks, share));
    }

    /// <summary>The other end learns, a path's delay later, that this one has closed.</summary>
    public void TellClosed()
    {
        var site = From.Site;
        var at = Math.Max(From.Up.Wire.NextOpen(site.Clock.Now), IsLan ? WholeAt(site.Clock.Now) : site.Up.NextOpen(site.Clock.Now)) + Delay;
        if (IsLan)
            site.Events.Push(at, Back, OtherEnd);
        else
            site.Post(To.Site, at, Back, OtherEnd, 0);
    }

    /// <inheritdoc/>
    public override void Fire(int what, long argument)
    {
        switch (what)
        {
            case Delivered:
                To.Receive(this, Count(argument));
                break;
            case SmallDelivered:
                To.Receive(this, TakeSmall());
                break;
            case AtSite:
                if (Bytes(argument) > BlockRange.BlockSize / 2)
                {
                    To.Site.Down.CountFlow(To.Site.Clock.Now, ref _flowSeen);
                    To.Down.CountFlow(To.Site.Clock.Now, ref _hostFlowSeen);
                }
                To.Site.Events.Push(To.Site.Down.Carry(Bytes(argument), To.Site.Clock.Now), this, AtHost, argument);
                break;
            case AtHost:
                To.Site.Events.Push(To.Down.Carry(Bytes(argument), To.Site.Clock.Now + SimSite.LanDelay), this, Delivered, argument);
                break;
            case Acknowledged:
                var share = Bytes(argument);
                var bytes = Count(argument) * (long)BlockBytes;
                _window = Math.Max(BlockBytes, Math.Min(_window + bytes, Math.Max(share, 2 * SegmentBytes)));
                Open(bytes);
                break;
            case Whole:
                From.Up.Return(this);
                break;
            default:
                From.OtherEndClosed(this);
                break;
        }
    }

    /// <summary>Takes the oldest arrived frame. The receiver's half.</summary>
    public Frame TakeArrived() => _arriving.Dequeue();

    private void SendSmall(in Frame frame, int bytes, long left)
    {
        var site = From.Site;
        _arriving.Enqueue(frame);
        if (_maySmallJoin && _smallAt >= site.Clock.Now)
        {
            To.Down.CarrySmall(bytes, site.Clock.Now);
            _small++;
            return;
        }
        var at = Math.Max(_lastArrival, To.Down.CarrySmall(bytes, left + Delay));
        at = site.RoundUp(at);
        _lastArrival = at;
        // An earlier handover is still to come, with a train behind it.
        if (_small > 0)
            (_earlierSmall ??= new Queue<int>()).Enqueue(_small);
        _smallAt = at;
        _small = 1;
        _maySmallJoin = true;
        site.Events.Push(at, this, SmallDelivered);
    }

    /// <summary>What a flow over the WAN may have under way for the sake of one link of its receiver's.</summary>
    private long Share(Link link) =>
        link.Rate > 0 ? (long)(link.Rate / Link.Framing * (_roundTrip + link.Buffer) / VirtualClock.Second / link.Flows) : 1L << (CountShift - 1);

    private int TakeSmall()
    {
        if (_earlierSmall is { Count: > 0 } earlier)
            return earlier.Dequeue();
        var count = _small;
        _small = 0;
        _maySmallJoin = false;
        return count;
    }

    private void Open(long bytes)
    {
        _inFlight = Math.Max(0, _inFlight - bytes);
        if (_waiting.Count > 0)
            Accept();
    }

    private void Accept()
    {
        var isNew = false;
        while (_waiting.Count > 0 && (_inFlight == 0 || _inFlight + BlockBytes <= _window))
        {
            var frame = _waiting.Dequeue();
            WaitingBytes -= frame.Length;
            _inFlight += BlockBytes;
            _accepted.Enqueue(frame);
            From.Sent(this, frame.Block);
            isNew = true;
        }
        if (!isNew)
            return;
        From.Up.Ready(this);
        From.TellSent();
    }

    private void Post(long left, long train, in Frame frame)
    {
        _lastPosted = Math.Max(_lastPosted, left + From.Site.Delay + To.Site.Delay + SimSite.LanDelay);
        From.Site.Post(To.Site, _lastPosted, this, train == 0 ? SimSite.NoEvent : AtSite, train, frame);
    }

    private static long WireBytes(in Frame frame) => frame.IsBlock ? (long)(frame.Size * Link.Framing) : frame.Size + Link.PacketHeader;

    private static double Least(double a, double b) => a == 0 ? b : b == 0 ? a : Math.Min(a, b);

    private static long Pack(int count, long bytes) => ((long)count << CountShift) | bytes;

    private static int Count(long packed) => (int)(packed >> CountShift);

    private static long Bytes(long packed) => packed & ((1L << CountShift) - 1);
}
