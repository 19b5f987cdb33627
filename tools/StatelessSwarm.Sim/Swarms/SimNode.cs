using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Sim.Swarms;

/// <summary>A host with an engine: the shell's part, played without sockets or disks.</summary>
internal sealed partial class SimNode : EventTarget
{
    // Events.
    private const int TickDue = 0;
    private const int StartDue = 1;
    private const int FaultDue = 2;
    private const int NeighbourHeard = 3;
    private const int AnnounceDue = 4;
    private const int WakeDue = 5;
    private const int CheckDone = 6;
    private const int LeavesDone = 7;
    private const int HandleClosed = 8;

    private readonly List<SimNode> _heardOf = [];
    private readonly SimSwarm _swarm;
    private readonly SimRandom _random;
    private readonly ulong _seed;
    private readonly List<Pipe?> _pipes = [null];
    private readonly Queue<(Pipe Pipe, BlockRange Block)> _sent = new();
    private readonly Queue<Waiting> _inbox = new();
    private readonly HashSet<PieceIndex> _wrongPieces = [];

    // Blocks on this node's disk with wrong data: what a check of a v1 piece finds.
    private readonly HashSet<BlockRange> _wrongBlocks = [];
    private long _tickAt = VirtualClock.Never;
    private long _busyUntil;
    private bool _isWakePlanned;
    private bool _isSettling;
    private bool _isWrongInHand;
    private bool _isFinished;
    private long _tokens;
    private long _outUntil;
    private double _diskRate;
    private SkewedClock? _skewed;

    public SimNode(SimSwarm swarm, int number, SimSite site, string name, IPAddress address, bool isSeed, double up, double down, ulong seed)
    {
        _swarm = swarm;
        _random = new SimRandom(seed);
        _seed = seed;
        Number = number;
        Name = name;
        Site = site;
        IsSeed = isSeed;
        Up = new Uplink(site.Events, site.Clock, up);
        Down = new Link(site.Events, site.Clock, down, VirtualClock.Milliseconds(site.Plan.LanBufferMs));
        EndPoint = new IPEndPoint(address, SimSwarm.Port);
    }

    /// <summary>Its number, seeds first.</summary>
    public int Number { get; }

    /// <summary>Site and node of the site, from 1; seeds are s.1, s.2.</summary>
    public string Name { get; }

    /// <summary>Where it is.</summary>
    public SimSite Site { get; }

    /// <summary>Its way out.</summary>
    public Uplink Up { get; }

    /// <summary>Its way in.</summary>
    public Link Down { get; }

    /// <summary>Where it accepts peers.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Complete from the beginning.</summary>
    public bool IsSeed { get; }

    /// <summary>A client of another make, who knows no claims.</summary>
    public bool IsForeign { get; init; }

    /// <summary>When it starts.</summary>
    public long StartAt { get; set; }

    /// <summary>Its engine; a new one in each life.</summary>
    public TorrentEngine Engine { get; private set; } = null!;

    /// <summary>Limits of its engine.</summary>
    public EngineOptions Options { get; private set; } = null!;

    /// <summary>How often it has started.</summary>
    public int Life { get; private set; }

    /// <summary>When it first completed; null while it has not.</summary>
    public long? DoneAt { get; private set; }

    /// <summary>It will be there at the end, able to finish.</summary>
    public bool MustFinish { get; set; }

    /// <summary>Payload bytes sent.</summary>
    public long SentPayload { get; private set; }

    /// <summary>Payload bytes that came from other sites.</summary>
    public long WanPayload { get; private set; }

    /// <summary>Connection attempts it has made.</summary>
    public int Attempts { get; private set; }

    /// <summary>Messages it has said, blocks not among them.</summary>
    public long Messages { get; private set; }

    private long WastedBefore { get; set; }

    /// <summary>Payload bytes received and thrown away.</summary>
    public long WastedPayload => (WastedBefore + (Life == 0 ? 0 : Engine.Status.WastedBytes)) * _swarm.Scenario.Image.Grain;

    /// <summary>Not running.</summary>
    public bool IsDead { get; private set; } = true;

    /// <summary>Not running, and its kernel answers nobody.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Neither sends, receives nor thinks; connections stay open.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>Takes requests and answers none.</summary>
    public bool Stalls { get; private set; }

    /// <summary>Sends wrong data.</summary>
    public bool Lies { get; private set; }

    /// <summary>Is told what comes to the node and what its engine wants; null for nobody.</summary>
    public Action<string>? Trace { get; set; }

    /// <summary>What tests have broken.</summary>
    public Mutation Mutation { get; set; }

    /// <summary>Peers it threw out, and why.</summary>
    public List<(PeerFault Fault, SimNode Peer)> Dropped { get; } = [];

    /// <summary>Something has come that its engine has not been told.</summary>
    public bool HasUnheard => _inbox.Count > 0;

    private long Now => Site.Clock.Now;

    private bool CanThink => !IsDead && !IsFrozen && _busyUntil <= Now;

    /// <summary>A name for a new connection.</summary>
    public PeerHandle NewHandle()
    {
        _pipes.Add(null);
        return new PeerHandle(_pipes.Count - 1);
    }

    /// <summary>The open connection to another node of the site, or null.</summary>
    public Pipe? PipeTo(SimNode other) => _pipes.Find(pipe => pipe is { IsOpen: true } && pipe.To == other && pipe.Life == Life);

    /// <summary>It was dead, frozen, stalled or cut off at some time since.</summary>
    public bool WasOut(long since) => IsDead || IsFrozen || Stalls || _outUntil > since;

    /// <summary>It has received wrong data for the piece.</summary>
    public bool HasWrong(PieceIndex piece) => _wrongPieces.Contains(piece);

    /// <summary>It has received wrong data.</summary>
    public bool HasMetLiars => _wrongPieces.Count > 0;

    /// <summary>A clock that runs fast or slow.</summary>
    public void SetSkew(double skew) => _skewed = new SkewedClock(Site.Clock, skew);

    /// <summary>It is cut off in this time.</summary>
    public void Cut(long from, long until)
    {
        Up.Wire.Cut(from, until);
        Down.Cut(from, until);
        _cuts.Add((from, until));
    }

    /// <inheritdoc/>
    public override void Fire(int what, long argument)
    {
        switch (what)
        {
            case TickDue:
                Tick(argument);
                break;
            case StartDue:
                Start();
                break;
            case FaultDue:
                Suffer(_swarm.Plan.Actions[(int)argument]);
                break;
            case NeighbourHeard:
                Hear((int)argument);
                break;
            case AnnounceDue:
                Announce((int)argument);
                break;
            case WakeDue:
                _isWakePlanned = false;
                Wake();
                break;
            case CheckDone:
                if ((int)(argument >> 32) == Life && CanThinkOr(what, argument))
                {
                    var index = new PieceIndex((int)(argument & 0xffffffff));
                    Engine.PieceChecked(index, !_wrongBlocks.Any(block => block.Piece == index));
                    Settle();
                }
                break;
            case LeavesDone:
                if (CanThinkOr(what, argument))
                {
                    var piece = new PieceIndex((int)(argument & 0xffffffff));
                    Engine.BlocksHashed(new PeerHandle((int)(argument >> 32)), piece, _swarm.Torrent.LeavesOf(piece));
                    Settle();
                }
                break;
            default:
                ForgetPipe((int)argument);
                break;
        }
    }

    /// <summary>A connection stands.</summary>
    public void Connected(Pipe pipe, bool isOutgoing, SimNode other)
    {
        if (IsDead || pipe.Life != Life)
        {
            pipe.TellClosed();
            return;
        }
        pipe.IsOpen = true;
        _pipes[pipe.Handle.Value] = pipe;
        if (!CanThink)
        {
            Wait(new Waiting(isOutgoing ? Waiting.Opened : Waiting.Answered, pipe, 0));
            return;
        }
        Introduce(pipe, isOutgoing, other);
    }

    /// <summary>A connection could not be made.</summary>
    public void ConnectFailed(SimNode other)
    {
        if (IsDead)
            return;
        Engine.ConnectFailed(other.EndPoint);
        SettleOrWait();
    }

    /// <summary>The other side has closed.</summary>
    public void OtherEndClosed(Pipe pipe)
    {
        if (IsDead || pipe.Life != Life || !pipe.IsOpen)
            return;
        pipe.Close();
        Wait(new Waiting(Waiting.Closed, pipe, 0));
        if (CanThink)
            Wake();
    }

    /// <summary>Frames have come.</summary>
    public void Receive(Pipe pipe, int count)
    {
        if (IsDead || pipe.Back.Life != Life || !pipe.Back.IsOpen)
        {
            for (; count > 0; count--)
                pipe.TakeArrived();
            return;
        }
        if (pipe.ArrivingFrames > _swarm.MostFrames)
            Site.Break(this, $"{pipe.ArrivingFrames} frames of node {pipe.From.Name} wait for it, more than {_swarm.MostFrames}");
        if (!CanThink || _inbox.Count > 0)
        {
            Wait(new Waiting(Waiting.Frames, pipe, count));
            return;
        }
        Take(pipe, count);
    }

    /// <summary>The socket has taken a block: it counts as sent.</summary>
    public void Sent(Pipe pipe, BlockRange block) => _sent.Enqueue((pipe, block));

    /// <summary>The engine is told what was sent, unless it is being asked for more just now.</summary>
    public void TellSent()
    {
        if (!_isSettling && !IsDead)
            SettleOrWait();
    }

    private void Introduce(Pipe pipe, bool isOutgoing, SimNode other)
    {
        var port = isOutgoing ? SimSwarm.Port : 32_768 + pipe.Handle.Value % 28_000;
        var peer = new ConnectedPeer(
            isOutgoing ? other.EndPoint : new IPEndPoint(other.EndPoint.Address, port),
            ReachOf(other),
            isOutgoing ? PeerSource.Tracker : PeerSource.Incoming,
            isOutgoing,
            other.Introduction(pipe.Back.Life),
            IsV2: !_swarm.Scenario.Image.IsV1,
            EndPoint.Address
        );
        Engine.PeerConnected(pipe.Handle, peer);
        Settle();
        if (Mutation == Mutation.ServesUnverified)
            pipe.Send(new PeerMessage(PeerMessageKind.HaveAll));
    }

    private PeerReach ReachOf(SimNode other) => other.Site == Site ? PeerReach.Lan : PeerReach.Wan;

    private void Take(Pipe pipe, int count)
    {
        var handle = pipe.Back.Handle;
        var blocks = 0;
        for (; count > 0; count--)
        {
            var frame = pipe.TakeArrived();
            Site.Hash.Add(Now ^ ((long)Number << 40), (long)frame.Kind << 56 ^ (long)frame.Piece << 28 ^ frame.Begin);
            Trace?.Invoke($"{Now / 1e9:f6} {Name} from {pipe.From.Name}: {frame.Kind} {frame.Piece}/{frame.Begin / BlockRange.BlockSize}{(frame.IsWrong ? " wrong" : "")}");
            if (frame.IsBlock)
            {
                blocks++;
                TakeBlock(pipe, handle, frame);
            }
            else
            {
                if (frame.Kind == PeerMessageKind.RejectRequest && !pipe.IsLan)
                    Site.Ledger?.Released(pipe.Back, frame.Block);
                if (Mutation == Mutation.ServesUnverified && frame.Kind == PeerMessageKind.Request && !Engine.HasPiece(frame.Block.Piece))
                    Serve(pipe.Back, frame.Block);
                else
                    Engine.MessageReceived(handle, frame.Message);
            }
            Settle();
        }
        if (blocks > 0)
            pipe.Acknowledge(blocks);
    }

    private void TakeBlock(Pipe pipe, PeerHandle handle, in Frame frame)
    {
        _isWrongInHand = frame.IsWrong;
        if (frame.IsWrong)
            _wrongPieces.Add(frame.Block.Piece);
        if (!pipe.IsLan)
        {
            var bytes = (long)frame.Length * _swarm.Scenario.Image.Grain;
            Site.PayloadIn += bytes;
            WanPayload += bytes;
            Site.Ledger?.Arrived(pipe, frame.Block, frame.IsWrong);
        }
        var leaf = frame.IsWrong ? _swarm.WrongLeaf : _swarm.Torrent.Leaf(frame.Block);
        Engine.BlockReceived(handle, frame.Block, leaf, ++_tokens);
    }

    private void Wait(in Waiting waiting)
    {
        _inbox.Enqueue(waiting);
        PlanWake();
    }

    private void PlanWake()
    {
        if (_isWakePlanned || IsFrozen || IsDead)
            return;
        _isWakePlanned = true;
        Site.Events.Push(Math.Max(Now, _busyUntil), this, WakeDue);
    }

    private void Wake()
    {
        while (CanThink && _inbox.TryDequeue(out var waiting))
        {
            var pipe = waiting.Pipe;
            switch (waiting.What)
            {
                case Waiting.Frames when pipe.Back.IsOpen && pipe.Back.Life == Life:
                    Take(pipe, waiting.Count);
                    break;
                case Waiting.Frames:
                    for (var count = waiting.Count; count > 0; count--)
                        pipe.TakeArrived();
                    break;
                case Waiting.Closed:
                    ForgetPipe(pipe.Handle.Value);
                    break;
                default:
                    if (pipe.IsOpen)
                        Introduce(pipe, waiting.What == Waiting.Opened, pipe.To);
                    break;
            }
        }
        if (CanThink)
            Settle();
        else if (_inbox.Count > 0 || _sent.Count > 0)
            PlanWake();
    }

    private void ForgetPipe(int handle)
    {
        if (IsDead || handle >= _pipes.Count || _pipes[handle] is not { IsOpen: false } pipe || pipe.Life != Life)
            return;
        _pipes[handle] = null;
        Engine.PeerDisconnected(pipe.Handle);
        SettleOrWait();
    }

    private bool CanThinkOr(int what, long argument)
    {
        if (IsDead)
            return false;
        if (CanThink)
            return true;
        Site.Events.Push(Math.Max(Now + VirtualClock.Millisecond, IsFrozen ? Now + VirtualClock.Second : _busyUntil), this, what, argument);
        return false;
    }

    private void SettleOrWait()
    {
        if (CanThink)
            Settle();
        else
            PlanWake();
    }

    private readonly record struct Waiting(int What, Pipe Pipe, int Count)
    {
        public const int Frames = 0;
        public const int Opened = 1;
        public const int Answered = 2;
        public const int Closed = 3;
    }
}
