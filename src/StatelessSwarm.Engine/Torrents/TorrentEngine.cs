using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Choking;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Leases;
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
    private readonly ClaimLedger _claims;
    private readonly SourceRules _rules;
    private readonly BlameBook _blame = new();
    private readonly SpreadWatch _spread;
    private readonly PieceAssigner _assigner;
    private readonly DownloadCounters _counters = new();
    private readonly RequestGroup _far;
    private readonly Downloader _downloader;
    private readonly StallWatch _stalls;
    private readonly Uploader _uploader;
    private readonly Choker _choker;
    private readonly PeerBook _book;
    private readonly MetadataServer _metadata;
    private readonly HashServer _hashes;
    private bool _isStarted;
    private bool _isCompletedTold;
    private long _filledEpoch;

    /// <summary>An engine for a v2 or hybrid torrent.</summary>
    public TorrentEngine(TorrentInfo info, PieceLayers layers, EngineOptions options, TimeProvider time, ulong randomSeed)
    {
        ArgumentNullException.ThrowIfNull(layers);
        _options = options;
        _clock = new EngineClock(time);
        var random = new SeededRandom(randomSeed);
        _map = new PieceMap(info);
        _commands = new CommandQueue(_clock);
        _availability = new Availability(_map.PieceCount);
        _active = new ActivePieces(_map.PieceCount, _map.BlocksPerPiece);
        _claims = new ClaimLedger(_map, _active, _peers, _commands, _clock, options.PeerId);
        _rules = new SourceRules(_availability, _claims);
        _spread = new SpreadWatch(_map.PieceCount, _clock);
        var far = new FarSources(_peers, _active, _clock, random, info.PieceLength);
        _assigner = new PieceAssigner(
            _map,
            _active,
            _availability,
            _claims,
            _rules,
            far,
            _spread,
            _blame,
            _commands,
            _clock,
            random
        );
        var farWindow = new RequestWindow(_clock, options.RequestAhead / BlockRange.BlockSize);
        farWindow.StartSmall(PieceAssigner.ScarceStart);
        _far = new RequestGroup(farWindow);
        _downloader = new Downloader(
            _map,
            layers,
            _active,
            _availability,
            _assigner,
            _blame,
            _commands,
            _clock,
            _spread,
            far,
            _counters
        );
        _stalls = new StallWatch(_map, _active, _availability, _claims, _rules, _assigner, _downloader, far, _peers, _clock);
        _uploader = new Uploader(_map, _commands, _clock, options);
        _choker = new Choker(_peers, _commands, _clock, _uploader, options.UploadSlots);
        _book = new PeerBook(_peers, _commands, _clock, random, options);
        _metadata = new MetadataServer(info.RawBytes, _commands);
        _hashes = new HashServer(info, layers);
    }

    /// <summary>Begins, with the pieces already on disk and verified. Call once, first.</summary>
    public void Start(IEnumerable<PieceIndex> verified)
    {
        if (_isStarted)
            throw new InvalidOperationException("The engine has been started before.");
        _isStarted = true;
        _clock.Update();
        foreach (var piece in verified)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(piece.Value, _map.PieceCount, nameof(verified));
            _map.SetVerified(piece.Value);
        }
        for (var piece = 0; piece < _map.PieceCount; piece++)
        {
            if (!_map.Verified.Contains(piece))
                _availability.Rarity.Offer(piece);
        }
        TellWhenComplete();
        EndEvent();
    }

    /// <summary>Somebody told us of a peer. Duplicates are welcome; the engine decides whether and when to connect.</summary>
    public void PeerDiscovered(IPEndPoint endPoint, PeerSource source, PeerReach reach)
    {
        BeginEvent();
        _book.Discovered(endPoint, source, reach);
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
    /// A Piece message arrived. <paramref name="leaf"/> is the SHA-256 of its data. Answered by exactly one
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
            PieceVerified(verified);
        if (fault != PeerFault.None)
            Drop(state, fault);
        DropConvicted();
        _downloader.Fill(state);
        if (!state.IsLan)
            FillFar();
        EndEvent();
    }

    /// <summary>A <see cref="EngineCommandKind.SendBlock"/> left our hands (handed to the kernel), or was given up.</summary>
    public void BlockSent(PeerHandle peer, BlockRange block)
    {
        BeginEvent();
        if (_peers.Find(peer) is { IsClosing: false } state)
        {
            _uploader.Sent(state, block);
            if (state.IsLan)
                _spread.Gave();
        }
        EndEvent();
    }

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

    private void PieceVerified(int piece)
    {
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            if (peer.IsClosing)
                continue;
            _commands.Send(peer, new PeerMessage(PeerMessageKind.Have, piece));
            if (!peer.Have.Contains(piece))
                continue;
            peer.WantedPieces--;
            TellInterest(peer);
        }
        TellWhenComplete();
    }

    private void TellWhenComplete()
    {
        if (!_map.IsComplete || _isCompletedTold)
            return;
        _isCompletedTold = true;
        _commands.Completed();
        DropSurplusSeeds();
    }

    private void DropConvicted()
    {
        foreach (var liar in _blame.Convicted)
        {
            _book.Ban(liar);
            if (!liar.IsClosing)
                Drop(liar, PeerFault.WrongData);
        }
        _blame.Convicted.Clear();
    }
}
