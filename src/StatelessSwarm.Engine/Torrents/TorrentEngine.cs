using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Choking;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>
/// The mind of one torrent: events in, commands out; no I/O, no tasks, no clock but the given one. Single owner: calls must
/// not overlap. After each call (or batch of calls) the owner drains <see cref="TryDequeue"/> and schedules
/// <see cref="Advance"/> for <see cref="NextAdvance"/>. Equal options, random seed and events give equal commands.
/// </summary>
public sealed partial class TorrentEngine
{
    private readonly EngineOptions _options;
    private readonly EngineClock _clock;
    private readonly PieceMap _map;
    private readonly CommandQueue _commands;
    private readonly PeerTable _peers = new();
    private readonly Availability _availability;
    private readonly ActivePieces _active;
    private readonly NodeBudget _budget;
    private readonly DownloadGate _gate;
    private readonly SiteTalk _talk;
    private readonly ClaimLedger _claims;
    private readonly SourceRules _rules;
    private readonly BlameBook _blame;
    private readonly SpreadWatch _spread;
    private readonly NearBacklog _backlog;
    private readonly PieceAssigner _assigner;
    private readonly DownloadCounters _counters = new();
    private readonly DownlinkWatch _downlink;
    private readonly RequestGroup _far;
    private readonly Downloader _downloader;
    private readonly StallWatch _stalls;
    private readonly Uploader _uploader;
    private readonly Choker _choker;
    private readonly PeerBook _book;
    private readonly MetadataServer _metadata;
    private readonly HashServer? _hashes;
    private readonly LeafServer? _leafServer;
    private readonly LeafFetcher _leaves;
    private readonly PeerExchange _exchange;
    private readonly SeededRandom _random;
    private SuperSeeder? _superSeeder;
    private readonly List<int> _untoldFar = [];
    private long _toldFarAt;
    private readonly bool _hasLayers;
    private bool _isStarted;
    private bool _isCompletedTold;
    private long _filledEpoch;

    /// <summary>An engine for a torrent.</summary>
    /// <param name="info">The torrent.</param>
    /// <param name="layers">Piece hashes of a v2 or hybrid torrent, by which pieces are verified from the hashes of their blocks. Null for a
    /// v1-only torrent: its pieces are verified by <see cref="EngineCommandKind.CheckPiece"/>.</param>
    /// <param name="options">Limits and habits.</param>
    /// <param name="time">Clock.</param>
    /// <param name="randomSeed">Decides everything that is left to chance.</param>
    public TorrentEngine(TorrentInfo info, PieceLayers? layers, EngineOptions options, TimeProvider time, ulong randomSeed)
    {
        if (info.V2Hash is null != layers is null)
            throw new ArgumentException("Layers go with a v2 or hybrid torrent, and with no other.", nameof(layers));
        if (options.PeerId == default)
            throw new ArgumentException("An engine needs a peer id.", nameof(options));
        _blame = new BlameBook(hasLeaves: layers is not null);
        _hasLayers = layers is not null;
        _options = options;
        _clock = new EngineClock(time);
        var random = new SeededRandom(randomSeed);
        _random = random;
        _map = new PieceMap(info);
        _commands = new CommandQueue(_clock);
        _availability = new Availability(_map.PieceCount);
        _active = new ActivePieces(_map.PieceCount, _map.BlocksPerPiece);
        _budget = options.Budget ?? new NodeBudget(time);
        _budget.Join(options.PeerId);
        _gate = new DownloadGate(_budget, _clock);
        _talk = new SiteTalk(_budget, _peers, _commands, _clock);
        _claims = new ClaimLedger(_map, _active, _availability, _peers, _commands, _clock, options.PeerId, _talk);
        _rules = new SourceRules(_availability, _claims, _clock);
        _spread = new SpreadWatch(_map.PieceCount, _clock);
        _downlink = new DownlinkWatch(_peers, _counters, _clock);
        _backlog = new NearBacklog(_map, _peers, _counters, _clock);
        var far = new FarSources(_peers, _active, _clock, random, info.PieceLength);
        _assigner = new PieceAssigner(
            _map,
            _active,
            _availability,
            _claims,
            _rules,
            far,
            _spread,
            _downlink,
            _backlog,
            _blame,
            _commands,
            _clock,
            random
        );
        _leaves = new LeafFetcher(info, layers, _peers, _commands, _clock);
        var farWindow = new RequestWindow(_clock, options.RequestAhead / BlockRange.BlockSize);
        farWindow.StartSmall(PieceAssigner.ScarceStart);
        _far = new RequestGroup(farWindow, _budget);
        _downloader = new Downloader(
            _map,
            layers,
            _active,
            _availability,
            _assigner,
            new PieceChecks(_commands, _map, hasLeaves: layers is not null, options.PieceChecks),
            _blame,
            _leaves,
            _commands,
            _clock,
            _spread,
            far,
            _gate,
            _downlink,
            _counters
        );
        _stalls = new StallWatch(_map, _active, _availability, _claims, _rules, _assigner, _downloader, far, _backlog, _downlink, _peers, _counters, options, _clock);
        _uploader = new Uploader(_map, _peers, _commands, _clock, options);
        _choker = new Choker(_peers, _commands, _clock, _uploader, options.UploadSlots);
        _book = new PeerBook(_peers, _commands, _clock, random, options);
        _metadata = new MetadataServer(info.RawBytes, _commands);
        _hashes = layers is null ? null : new HashServer(info, layers);
        _leafServer = _hashes is null ? null : new LeafServer(info, _map, _hashes, _commands, options.HashedPieces);
        _exchange = new PeerExchange(_peers, _commands, _clock, options.ListenPort, info.IsPrivate || !options.UsesExchange);
    }

    /// <summary>Begins, with the pieces already on disk and verified. Call once, first.</summary>
    public void Start(IEnumerable<PieceIndex> verified) => Start(verified, []);

    /// <summary>Begins, with what is on disk already. Call once, first.</summary>
    /// <param name="verified">Whole pieces whose hash is right.</param>
    /// <param name="known">Pieces of which a part is there and something is missing; never in a v1-only torrent. Not verified: wrong bytes
    /// cost their blocks, and are nobody's fault.</param>
    public void Start(IEnumerable<PieceIndex> verified, IEnumerable<KeyValuePair<PieceIndex, PieceGaps>> known)
    {
        if (_isStarted)
            throw new InvalidOperationException("The engine has been started before.");
        _isStarted = true;
        _clock.Update();
        _rules.FarFrom = _clock.Now + _clock.Milliseconds(_options.NeighbourWaitMs);
        foreach (var piece in verified)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece.Value, _map.PieceCount, nameof(verified));
            _map.SetVerified(piece.Value);
        }
        foreach (var (piece, gaps) in known)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece.Value, _map.PieceCount, nameof(known));
            if (!_hasLayers)
                throw new ArgumentException("Parts of pieces need a torrent with block hashes.", nameof(known));
            _map.SetGaps(piece.Value, gaps);
        }
        for (var piece = 0; piece < _map.PieceCount; piece++)
        {
            if (!_map.Verified.Contains(piece))
                _availability.Rarity.Offer(piece);
        }
        if (_options.SuperSeeds && _map.IsComplete)
            _superSeeder = new SuperSeeder(_map, _peers, _availability, _uploader, _commands, _clock, _random);
        TellWhenComplete();
        EndEvent();
    }

    /// <summary>Somebody told us of a peer. Duplicates are welcome; the engine decides whether and when to connect.</summary>
    public void PeerDiscovered(IPEndPoint endPoint, PeerSource source, PeerReach reach)
    {
        BeginEvent();
        _book.Discovered(endPoint, source, reach, _map.IsComplete);
        _book.Connect(_map.IsComplete);
        EndEvent();
    }

    /// <summary>A <see cref="EngineCommandKind.Connect"/> came to nothing.</summary>
    public void ConnectFailed(IPEndPoint endPoint)
    {
        BeginEvent();
        _book.Failed(endPoint);
        _book.Connect(_map.IsComplete);
        EndEvent();
    }

    /// <summary>
    /// A Piece message arrived. <paramref name="leaf"/> is the SHA-256 of its data, not looked at in v1-only torrents. Answered by exactly one
    /// <see cref="EngineCommandKind.WriteBlock"/> or <see cref="EngineCommandKind.DropBlock"/> with <paramref name="token"/>.
    /// </summary>
    public void BlockReceived(PeerHandle peer, BlockRange block, Sha256Digest leaf, long token)
    {
        BeginEvent();
        var state = _peers.Find(peer);
        if (state is null or { IsClosing: true } || !_map.IsPiece(block.Piece.Value))
        {
            _commands.DropBlock(block, token);
            if (state is { IsClosing: false })
                Drop(state, PeerFault.PieceIndexOutOfRange);
            EndEvent();
            return;
        }
        state.LastHeardAt = _clock.Now;
        var fault = _downloader.BlockReceived(state, block, leaf, token, out var verified);
        if (verified >= 0)
            PieceVerified(verified, isFromNear: state.IsLan);
        if (fault != PeerFault.None)
            Drop(state, fault);
        DropLiars();
        _downloader.Fill(state);
        if (!state.IsLan)
            FillFar();
        EndEvent();
    }

    /// <summary>
    /// The answer to a <see cref="EngineCommandKind.CheckPiece"/>; in any order. The piece is served and announced from here on, or its
    /// blame is sorted out and it is fetched again.
    /// </summary>
    public void PieceChecked(PieceIndex piece, bool isRight)
    {
        BeginEvent();
        if (_downloader.PieceChecked(piece.Value, isRight))
            PieceVerified(piece.Value, isFromNear: false);
        DropLiars();
        EndEvent();
    }

    /// <summary>
    /// The answer to a <see cref="EngineCommandKind.HashPiece"/>; in any order.
    /// </summary>
    /// <param name="piece">The piece.</param>
    /// <param name="leaves">SHA-256 of every block in order; empty when it could not be read, and is fetched anew.</param>
    public void PieceHashed(PieceIndex piece, ReadOnlySpan<Sha256Digest> leaves)
    {
        BeginEvent();
        if (_downloader.PieceHashed(piece.Value, leaves))
            PieceVerified(piece.Value, isFromNear: false);
        DropLiars();
        EndEvent();
    }

    /// <summary>A <see cref="EngineCommandKind.SendBlock"/> left our hands (handed to the kernel), or was given up.</summary>
    public void BlockSent(PeerHandle peer, BlockRange block)
    {
        BeginEvent();
        if (_peers.Find(peer) is { IsClosing: false } state)
        {
            _uploader.Sent(state, block);
            _superSeeder?.Sent(state, block);
            if (state.IsLan)
                _spread.Gave();
        }
        EndEvent();
    }

    /// <summary>
    /// A <see cref="EngineCommandKind.HashBlocks"/> is done. <paramref name="leaves"/>: SHA-256 of every block of the piece in order;
    /// empty when it could not be read.
    /// </summary>
    public void BlocksHashed(PeerHandle peer, PieceIndex piece, ReadOnlySpan<Sha256Digest> leaves)
    {
        BeginEvent();
        if (_peers.Find(peer) is { IsClosing: false } state)
            _leafServer?.Hashed(state, piece.Value, leaves);
        EndEvent();
    }

    /// <summary>The engine is given up, whatever it still waits for: the node's other torrents get the room. Nothing may be called after it.</summary>
    public void Stop() => _far.Abandon();

    /// <summary>Next command, in order; false when there is none.</summary>
    public bool TryDequeue(out EngineCommand command) => _commands.TryDequeue(out command);

    /// <summary>True for pieces that may be served.</summary>
    public bool HasPiece(PieceIndex piece) => _map.IsPiece(piece.Value) && _map.Verified.Contains(piece.Value);

    /// <summary>True once every piece is verified.</summary>
    public bool IsComplete => _map.IsComplete;

    /// <summary>Counters now.</summary>
    public EngineStatus Status
    {
        get
        {
            var seeds = 0;
            var webSeeds = 0;
            var givers = 0;
            var sources = 0;
            for (var place = 0; place < _peers.Count; place++)
            {
                var peer = _peers[place];
                if (peer.IsWebSeed)
                {
                    webSeeds++;
                    continue;
                }
                if (peer.IsComplete)
                    seeds++;
                if (peer is { IsClosing: true } or { IsChokingUs: true } or { IsSnubbed: true } || peer.WantedPieces == 0)
                    continue;
                givers++;
                if (peer.IsComplete)
                    sources++;
            }
            return new EngineStatus
            {
                VerifiedPieces = _map.Verified.Count,
                VerifiedBytes = _map.VerifiedBytes,
                ReceivedLanBytes = _counters.Lan,
                ReceivedWanBytes = _counters.Wan,
                ReceivedHttpBytes = _counters.Http,
                SentLanBytes = _uploader.SentLanBytes,
                SentWanBytes = _uploader.SentWanBytes,
                WastedBytes = _counters.Wasted,
                SentControlBytes = _commands.ControlBytes,
                Peers = _peers.Count - webSeeds,
                Seeds = seeds,
                WebSeeds = webSeeds,
                Givers = givers,
                CompleteGivers = sources,
            };
        }
    }

    private void BeginEvent()
    {
        if (!_isStarted)
            throw new InvalidOperationException("The engine must be started first.");
        _clock.Update();
    }

    /// <summary>What one event may have made possible for others is done before the next.</summary>
    private void EndEvent()
    {
        DropLiars();
        foreach (var piece in _claims.Yields)
            _downloader.Yield(piece);
        _claims.Yields.Clear();
        if (_claims.HasFreed)
        {
            _claims.HasFreed = false;
            _assigner.Wake();
        }
        if (_assigner.Epoch != _filledEpoch)
        {
            _filledEpoch = _assigner.Epoch;
            for (var place = 0; place < _peers.Count; place++)
                _downloader.Fill(_peers[place]);
        }
        _claims.Flush();
        if (_options.UsesClaims)
            _talk.Advance();
        if (_superSeeder is { IsActive: false })
        {
            _superSeeder = null;
            TellUploadOnly();
        }
        WakeForWork();
    }

    private void FillFar()
    {
        for (var place = 0; place < _peers.Count; place++)
        {
            if (!_peers[place].IsLan)
                _downloader.Fill(_peers[place]);
        }
    }

    /// <summary>
    /// Neighbours are told at once, and so are peers beyond the WAN link of what came from there: who brings a piece in tells of it. Of
    /// what came from a neighbour they are told once a second, together.
    /// </summary>
    private void PieceVerified(int piece, bool isFromNear)
    {
        _budget.Progressed(_clock.Now);
        if (isFromNear)
            _untoldFar.Add(piece);
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            if (peer.IsClosing)
                continue;
            if (peer.IsLan)
                _commands.Send(peer, new PeerMessage(PeerMessageKind.Have, piece));
            else if (!isFromNear)
                TellFar(peer, piece);
            if (!peer.Have.Contains(piece))
                continue;
            peer.WantedPieces--;
            TellInterest(peer);
        }
        TellWhenComplete();
    }

    /// <summary>Who has the piece does not want it, and every message costs a packet and its acknowledgement on both WAN links.</summary>
    private void TellFar(PeerState peer, int piece)
    {
        if (!peer.Have.Contains(piece))
            _commands.Send(peer, new PeerMessage(PeerMessageKind.Have, piece));
    }

    private void TellFar()
    {
        _toldFarAt = _clock.Now;
        for (var place = 0; place < _peers.Count && _untoldFar.Count > 0; place++)
        {
            var peer = _peers[place];
            if (peer.IsLan || peer.IsClosing)
                continue;
            foreach (var piece in _untoldFar)
                TellFar(peer, piece);
        }
        _untoldFar.Clear();
    }

    private void TellWhenComplete()
    {
        if (!_map.IsComplete || _isCompletedTold)
            return;
        TellFar();
        _isCompletedTold = true;
        _commands.Completed();
        TellUploadOnly();
        DropSurplusSeeds();
    }

    /// <summary>
    /// From now on we take nothing (BEP 21). The whole handshake is said again: clients take a name that is left out for withdrawn.
    /// </summary>
    private void TellUploadOnly()
    {
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            if (!peer.IsClosing && peer.Connection.Handshake.SupportsExtensions)
                _commands.SendExtended(peer, ExtensionIds.Handshake, OurExtensions(peer).ToBytes());
        }
    }

    /// <summary>Those who are proven to have lied go; pieces that nobody can tell the right leaves of are fetched again.</summary>
    private void DropLiars()
    {
        while (_blame.Convicted.Count > 0 || _leaves.GivenUp.Count > 0)
        {
            while (_leaves.GivenUp.TryDequeue(out var piece))
                _downloader.Spoilt(piece);
            foreach (var liar in _blame.Convicted)
            {
                _book.Ban(liar);
                if (!liar.IsClosing)
                    Drop(liar, PeerFault.WrongData);
            }
            _blame.Convicted.Clear();
        }
    }
}
