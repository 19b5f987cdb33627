using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Simulation.Tests.Networks;

namespace StatelessSwarm.Simulation.Tests.Swarms;

/// <summary>A host with an engine: the shell's part, played without sockets or disks.</summary>
public sealed class SimNode
{
    private readonly SimSwarm _swarm;
    private readonly Dictionary<int, SimConnection> _connections = [];

    // Blocks on this node's disk with wrong data: what a check of a v1 piece finds.
    private readonly HashSet<BlockRange> _wrongBlocks = [];
    private readonly Queue<Action> _waiting = new();
    private bool _isWrongInHand;
    private int _nextHandle;
    private long _tokens;
    private long? _scheduled;

    public SimNode(SimSwarm swarm, int number, Site site, Link up, Link down, EngineOptions options, ulong seed)
    {
        _swarm = swarm;
        Number = number;
        Site = site;
        Up = up;
        Down = down;
        EndPoint = new IPEndPoint(new IPAddress([10, (byte)site.Index, (byte)(number >> 8), (byte)number]), 6881);
        Options = options;
        Engine = swarm.IsV1
            ? new TorrentEngine(swarm.Torrent.V1Info, null, options, swarm.Clock, seed)
            : new TorrentEngine(swarm.Torrent.Info, swarm.Torrent.Layers, options, swarm.Clock, seed);
    }

    public int Number { get; }

    public bool IsV2 => !_swarm.IsV1;

    public Site Site { get; }

    public Link Up { get; }

    public Link Down { get; }

    public IPEndPoint EndPoint { get; }

    public EngineOptions Options { get; }

    public TorrentEngine Engine { get; }

    /// <summary>When it completed; null while it has not.</summary>
    public long? DoneAt { get; private set; }

    /// <summary>Payload bytes sent.</summary>
    public long SentPayload { get; private set; }

    /// <summary>Sends wrong data when this says so.</summary>
    public Func<BlockRange, bool>? Lies { get; set; }

    public bool IsLiar => Lies is not null;

    /// <summary>Takes requests and answers none.</summary>
    public bool Stalls { get; set; }

    /// <summary>Neither sends, receives nor thinks; connections stay open. What arrives meanwhile waits in its sockets until it wakes.</summary>
    public bool IsFrozen
    {
        get;
        set
        {
            field = value;
            while (!IsFrozen && _waiting.TryDequeue(out var action))
                Do(action);
        }
    }

    /// <summary>Connection attempts it has made.</summary>
    public int Attempts { get; private set; }

    /// <summary>Messages it has sent, blocks not among them.</summary>
    public long Messages { get; private set; }

    public IEnumerable<SimConnection> Connections => _connections.Values;

    public bool IsDead { get; private set; }

    public bool IsStarted { get; private set; }

    public List<(PeerFault Fault, SimNode Peer)> Dropped { get; } = [];

    public void Start(bool isSeed)
    {
        IsStarted = true;
        Engine.Start(isSeed ? _swarm.Torrent.AllPieces : []);
        if (isSeed)
            DoneAt = 0;
        Drain();
    }

    public void Discover(SimNode other) =>
        Do(() => Engine.PeerDiscovered(other.EndPoint, other == _swarm.Seed ? PeerSource.Manual : PeerSource.Tracker, ReachOf(other)));

    public PeerReach ReachOf(SimNode other) => other.Site == Site ? PeerReach.Lan : PeerReach.Wan;

    /// <summary>The process is gone: the kernel closes its connections.</summary>
    public void Kill()
    {
        IsDead = true;
        foreach (var connection in _connections.Values.ToList())
            connection.Close(this);
        _connections.Clear();
    }

    public PeerHandle NewHandle() => new(++_nextHandle);

    public void Connected(SimConnection connection, PeerHandle handle, ConnectedPeer peer)
    {
        if (IsDead)
            return;
        _connections.Add(handle.Value, connection);
        Do(() => Engine.PeerConnected(handle, peer));
    }

    public void ConnectFailed(IPEndPoint endPoint) => Do(() => Engine.ConnectFailed(endPoint));

    public void Disconnected(PeerHandle handle)
    {
        if (_connections.Remove(handle.Value))
            Do(() => Engine.PeerDisconnected(handle));
    }

    public void Message(PeerHandle handle, PeerMessage message)
    {
        if (_connections.ContainsKey(handle.Value))
            Do(() => Engine.MessageReceived(handle, message));
    }

    public void Block(PeerHandle handle, SimNode from, BlockRange block)
    {
        if (!_connections.ContainsKey(handle.Value))
            return;
        _isWrongInHand = from.Lies?.Invoke(block) == true;
        var leaf = _isWrongInHand ? Sha256Digest.HashData([(byte)from.Number]) : _swarm.Torrent.Leaf(block);
        if (from.Site != Site)
            Site.Came(block);
        Do(() => Engine.BlockReceived(handle, block, leaf, ++_tokens));
    }

    public void BlockSent(PeerHandle handle, BlockRange block)
    {
        if (_connections.ContainsKey(handle.Value))
            Do(() => Engine.BlockSent(handle, block));
    }

    private void Do(Action action)
    {
        if (IsDead)
            return;
        if (IsFrozen)
        {
            _waiting.Enqueue(action);
            return;
        }
        action();
        Drain();
    }

    private void Drain()
    {
        while (Engine.TryDequeue(out var command))
        {
            _swarm.Log.Add(_swarm.Clock.Now, Number, command);
            Carry(command);
        }
        if (Engine.NextAdvance is not { } due || (_scheduled is { } at && at <= due))
            return;
        _scheduled = due;
        _swarm.Events.At(due, Tick);
    }

    private void Tick()
    {
        _scheduled = null;
        if (Engine.NextAdvance is { } due && due > _swarm.Clock.Now)
        {
            Drain();
            return;
        }
        Do(Engine.Advance);
    }

    private void Carry(in EngineCommand command)
    {
        switch (command.Kind)
        {
            case EngineCommandKind.Send:
                Messages++;
                if (_connections.TryGetValue(command.Peer.Value, out var target))
                    target.From(this).Send(command.Message);
                break;
            case EngineCommandKind.SendBlock:
                Assert.True(Engine.HasPiece(command.Block.Piece), "a piece that is not verified is served");
                if (!Stalls && _connections.TryGetValue(command.Peer.Value, out target))
                {
                    SentPayload += command.Block.Length;
                    target.From(this).SendBlock(command.Block);
                }
                break;
            case EngineCommandKind.WriteBlock:
                if (_isWrongInHand)
                    _wrongBlocks.Add(command.Block);
                else
                    _wrongBlocks.Remove(command.Block);
                break;
            case EngineCommandKind.CheckPiece:
                var piece = command.Block.Piece;
                var isRight = !_wrongBlocks.Any(block => block.Piece == piece);
                _swarm.Events.After((long)(_swarm.CheckMilliseconds * 1e6), () => Do(() => Engine.PieceChecked(piece, isRight)));
                break;
            case EngineCommandKind.PieceVerified:
                var verified = command.Block.Piece;
                Assert.DoesNotContain(_wrongBlocks, block => block.Piece == verified);
                break;
            case EngineCommandKind.HashBlocks:
                var (asker, hashed) = (command.Peer, command.Block.Piece);
                _swarm.Events.After(0, () => Do(() => Engine.BlocksHashed(asker, hashed, _swarm.Torrent.LeavesOf(hashed))));
                break;
            case EngineCommandKind.Completed:
                Assert.True(Engine.IsComplete);
                DoneAt ??= _swarm.Clock.Now;
                break;
            case EngineCommandKind.Disconnect:
                if (_connections.TryGetValue(command.Peer.Value, out var closing))
                {
                    Dropped.Add((command.Fault, closing.Other(this)));
                    closing.Close(this);
                    var handle = command.Peer;
                    _swarm.Events.After(0, () => Disconnected(handle));
                }
                break;
            case EngineCommandKind.Connect:
                Attempts++;
                _swarm.Connect(this, command.EndPoint!);
                break;
            default:
                break;
        }
    }
}
