using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Swarm.Magnets;

/// <summary>
/// Resolves one magnet link: connects to the peers it hears of, several at a time, and drives first the
/// <see cref="MetadataFetcher"/>, then, for v2 and hybrid torrents, the <see cref="PieceLayerFetcher"/>. One task owns both; the
/// connections post to its mailbox. Nothing is served and no payload is taken.
/// </summary>
internal sealed partial class MagnetSession : IPeerEvents, IAsyncDisposable
{
    /// <summary>Peers remembered.</summary>
    public const int MaxKnown = 512;

    private const int MailboxSize = 256;
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly SwarmHost _host;
    private readonly MagnetOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<MagnetEvent> _mailbox = Channel.CreateBounded<MagnetEvent>(
        new BoundedChannelOptions(MailboxSize) { SingleReader = true }
    );
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<IPEndPoint, MagnetPeer> _known = [];
    private readonly Dictionary<PeerHandle, Link> _links = [];
    private readonly List<Task> _work = [];
    private readonly MetadataFetcher _metadata;
    private InfoHash? _v1Hash;
    private Sha256Digest? _v2Hash;
    private TorrentInfo? _info;
    private PieceLayerFetcher? _layers;

    public MagnetSession(SwarmHost host, MagnetOptions options, TimeProvider time, ILogger logger)
    {
        _host = host;
        _options = options;
        _time = time;
        _logger = logger;
        _v1Hash = options.Link.V1Hash;
        _v2Hash = options.Link.V2Hash;
        _metadata = new MetadataFetcher(_v1Hash, _v2Hash, time);
        foreach (var peer in options.Peers)
            Hear(peer);
    }

    /// <summary>Names a peer, from any thread; lost when the mailbox is full.</summary>
    public void AddPeer(IPEndPoint endPoint) => _mailbox.Writer.TryWrite(new MagnetEvent(MagnetEventKind.Heard, EndPoint: endPoint));

    /// <summary>Runs until everything is there. Call once.</summary>
    /// <exception cref="Content.ContentException">The dictionary the hash names is no torrent we can use.</exception>
    public async Task<MagnetResult> RunAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        await using var timer = _time.CreateTimer(
            static session => ((MagnetSession)session!)._mailbox.Writer.TryWrite(new MagnetEvent(MagnetEventKind.Tick)),
            this,
            TickInterval,
            TickInterval
        );
        _work.Add(FindNamedPeersAsync());
        if (_options.Trackers.Count > 0)
            _work.Add(AskTrackersAsync());
        var reader = _mailbox.Reader;
        while (true)
        {
            CarryOut();
            TakeResults();
            if (_info is { } info && (info.V2Hash is null || _layers?.Layers is not null))
                return Result(info, _layers?.Layers);
            Connect();
            await reader.WaitToReadAsync(either.Token);
            while (reader.TryRead(out var item))
                await TellAsync(item);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var link in _links.Values)
            await link.Connection.DisposeAsync();
        await Task.WhenAll(_work);
        _mailbox.Writer.TryComplete();
        while (_mailbox.Reader.TryRead(out var left))
        {
            if (left is not { Kind: MagnetEventKind.Connected, Connection: { } connection })
                continue;
            await connection.DisposeAsync();
            _host.ConnectionClosed();
        }
        _stop.Dispose();
    }

    ValueTask IPeerEvents.OnMessageAsync(IPeerConnection connection, PeerMessage message, CancellationToken cancellation) =>
        _mailbox.Writer.WriteAsync(new MagnetEvent(MagnetEventKind.Message, null, connection, message), cancellation);

    ValueTask IPeerEvents.OnBlockAsync(IPeerConnection connection, ReceivedBlock block, CancellationToken cancellation)
    {
        block.Release();
        connection.Stop("sent a block that nobody asked for");
        return ValueTask.CompletedTask;
    }

    ValueTask IPeerEvents.OnBlockSentAsync(IPeerConnection connection, BlockRange block, CancellationToken cancellation) =>
        ValueTask.CompletedTask;

    void IPeerEvents.ReadBlock(BlockRange block, Span<byte> target) =>
        throw new InvalidOperationException("A magnet session serves nothing.");

    private async ValueTask TellAsync(MagnetEvent item)
    {
        switch (item.Kind)
        {
            case MagnetEventKind.Tick:
                _metadata.Advance();
                _layers?.Advance();
                _work.RemoveAll(work => work.IsCompletedSuccessfully);
                break;
            case MagnetEventKind.Heard:
                Hear(item.EndPoint!);
                break;
            case MagnetEventKind.ConnectFailed:
                Rest(item.Peer!);
                break;
            case MagnetEventKind.Connected:
                Begin(item.Peer!, item.Connection!);
                break;
            case MagnetEventKind.Message:
                if (_links.TryGetValue(item.Connection!.Handle, out var link))
                {
                    link.Note(item.Message);
                    _metadata.MessageReceived(item.Connection.Handle, item.Message);
                    _layers?.MessageReceived(item.Connection.Handle, item.Message);
                }
                break;
            case MagnetEventKind.Disconnected:
                await EndAsync(item.Connection!);
                break;
            default:
                throw new InvalidOperationException($"no such event: {item.Kind}");
        }
        CarryOut();
        TakeResults();
    }

    private void Hear(IPEndPoint endPoint)
    {
        if (endPoint.Port != 0 && _known.Count < MaxKnown)
            _known.TryAdd(endPoint, new MagnetPeer(endPoint));
    }

    private void Begin(MagnetPeer peer, IPeerConnection connection)
    {
        peer.HasAnswered = true;
        peer.Failures = 0;
        _links.Add(connection.Handle, new Link(peer, connection));
        _work.Add(RunConnectionAsync(connection));
        if (!connection.Peer.IsV2 && _v2Hash is not null)
            peer.IsV1Only = true;
        _metadata.PeerConnected(connection.Handle, connection.Peer);
        _layers?.PeerConnected(connection.Handle, connection.Peer, hasContent: false);
    }

    private async ValueTask EndAsync(IPeerConnection connection)
    {
        if (!_links.Remove(connection.Handle, out var link))
            return;
        LogEnded(_logger, link.Peer.EndPoint, connection.StopReason);
        await connection.DisposeAsync();
        _metadata.PeerDisconnected(connection.Handle);
        _layers?.PeerDisconnected(connection.Handle);
        Rest(link.Peer);
    }

    private void Rest(MagnetPeer peer)
    {
        peer.IsBusy = false;
        var pause = FirstRetry * (1 << Math.Min(peer.Failures++, 5));
        peer.RetryAt = _time.GetTimestamp() + (long)((pause < LongestRetry ? pause : LongestRetry).TotalSeconds * _time.TimestampFrequency);
    }

    private void CarryOut()
    {
        while (_metadata.TryDequeue(out var command))
            CarryOut(command);
        while (_layers is { } layers && layers.TryDequeue(out var command))
            CarryOut(command);
    }

    private void CarryOut(in EngineCommand command)
    {
        if (!_links.TryGetValue(command.Peer, out var link))
            return;
        if (command.Kind == EngineCommandKind.Send)
        {
            link.Connection.Send(command.Message);
        }
        else if (command.Kind == EngineCommandKind.Disconnect)
        {
            link.Peer.IsOut = true;
            link.Connection.Stop($"dropped: {command.Fault}");
        }
    }

    private void TakeResults()
    {
        if (_info is not null || _metadata.Info is not { } raw)
            return;
        _info = TorrentInfo.Parse(raw);
        _v1Hash = _info.V1Hash;
        _v2Hash = _info.V2Hash;
        LogInfo(_logger, _info.Name, raw.Length);
        if (_v2Hash is null)
            return;
        _layers = new PieceLayerFetcher(_info, _time);
        foreach (var (handle, link) in _links)
        {
            // With the v1 hash alone v2 could not be offered: those peers are connected anew.
            if (!link.Connection.Peer.IsV2)
                link.Connection.Stop("closed by us: no v2");
            else
                _layers.PeerConnected(handle, link.Connection.Peer, link.HasContent);
        }
        foreach (var peer in _known.Values)
        {
            peer.RetryAt = 0;
            peer.Failures = 0;
        }
    }

    private void Connect()
    {
        var busy = _known.Values.Count(peer => peer.IsBusy);
        var now = _time.GetTimestamp();
        foreach (var peer in _known.Values)
        {
            if (busy >= _options.MaxConnections)
                return;
            if (peer.IsBusy || peer.IsOut || peer.RetryAt > now || (peer.IsV1Only && _layers is not null))
                continue;
            peer.IsBusy = true;
            busy++;
            _work.Add(ConnectAsync(peer, _v1Hash, _v2Hash));
        }
    }

    private MagnetResult Result(TorrentInfo info, PieceLayers? layers)
    {
        IReadOnlyList<IReadOnlyList<string>> tiers = [.. _options.Link.Trackers.Select(url => (IReadOnlyList<string>)[url])];
        var metainfo = Metainfo.Create(info, layers, tiers, _options.Link.WebSeeds);
        return new MagnetResult(metainfo, [.. _known.Values.Where(peer => peer is { HasAnswered: true, IsOut: false }).Select(peer => peer.EndPoint)]);
    }

    /// <summary>A connection and what it told us.</summary>
    private sealed class Link(MagnetPeer peer, IPeerConnection connection)
    {
        public MagnetPeer Peer => peer;

        public IPeerConnection Connection => connection;

        /// <summary>It has announced pieces.</summary>
        public bool HasContent { get; private set; }

        public void Note(in PeerMessage message) =>
            HasContent |= message.Kind is PeerMessageKind.HaveAll or PeerMessageKind.Have or PeerMessageKind.Bitfield;
    }
}
