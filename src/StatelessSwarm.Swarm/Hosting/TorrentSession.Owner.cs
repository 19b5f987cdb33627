using System.Net;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>
/// The owner task: the only code that touches the engine. It takes an event from the mailbox, tells the engine, and carries out the
/// engine's commands in order, so that a piece is on disk before it is announced.
/// </summary>
public sealed partial class TorrentSession
{
    private async Task OwnAsync()
    {
        try
        {
            if (_engine.IsComplete)
                _completion.TrySetResult();
            CarryOut();
            var reader = _mailbox.Reader;
            // A wait that can be cancelled allocates each time; DisposeAsync posts an event to end this one.
            while (!_stop.IsCancellationRequested && await reader.WaitToReadAsync(CancellationToken.None))
            {
                while (reader.TryRead(out var item))
                {
                    if (Interlocked.Exchange(ref _mustDropRevoked, false))
                    {
                        foreach (var connection in _connections.Values)
                            StopIfRevoked(connection);
                    }
                    Tell(item);
                    CarryOut();
                    if (_stop.IsCancellationRequested)
                        break;
                }
                SetTimer();
                RefreshStatus();
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync asked for it.
        }
        catch (Exception fault)
        {
            // The files failed (disk full, I/O error) or a defect of ours: either way this torrent is over, the process is not.
            LogFailed(_logger, Metainfo.Info.Name, fault.Message);
            _completion.TrySetException(fault);
        }
        finally
        {
            _blockInHand?.Release();
            _engine.Stop();
            await CloseConnectionsAsync();
        }
    }

    private void Tell(in SessionEvent item)
    {
        switch (item.Kind)
        {
            case SessionEventKind.Advance:
                _timerAt = null;
                _engine.Advance();
                break;
            case SessionEventKind.Connected:
                var connection = item.Connection!;
                _connections.Add(connection.Handle, connection);
                // put out while it shook hands
                StopIfRevoked(connection);
                Track(RunConnectionAsync(connection));
                _engine.PeerConnected(connection.Handle, connection.Peer);
                break;
            case SessionEventKind.Disconnected:
                LogDisconnected(_logger, item.Connection!.Peer.EndPoint, item.Connection.StopReason);
                if (_connections.Remove(item.Connection.Handle))
                    _engine.PeerDisconnected(item.Connection.Handle);
                if (item.Connection is WebSeedConnection webSeed)
                    WebSeedEnded(webSeed);
                break;
            case SessionEventKind.Message:
                _engine.MessageReceived(item.Connection!.Handle, item.Message);
                break;
            case SessionEventKind.Block:
                _blockInHand = item.Block;
                _engine.BlockReceived(item.Connection!.Handle, item.Block!.Range, item.Block.Leaf, token: 1);
                break;
            case SessionEventKind.PieceChecked:
                if (item.Fault is { } fault)
                    throw new IOException(fault.Message, fault);
                _engine.PieceChecked(item.Range.Piece, item.IsRight);
                break;
            case SessionEventKind.BlockSent:
                _engine.BlockSent(item.Connection!.Handle, item.Range);
                break;
            case SessionEventKind.BlocksHashed:
                if (item.Connection is { } asker)
                    _engine.BlocksHashed(asker.Handle, item.Range.Piece, item.Leaves);
                else
                    _engine.PieceHashed(item.Range.Piece, item.Leaves);
                break;
            case SessionEventKind.Discovered:
                _engine.PeerDiscovered(item.EndPoint!, item.Source, ReachOf(item.EndPoint!, item.Source, item.IsNear));
                break;
            case SessionEventKind.ConnectFailed:
                _engine.ConnectFailed(item.EndPoint!);
                break;
            case SessionEventKind.WebSeeds:
                LookAtWebSeeds();
                break;
            default:
                throw new InvalidOperationException($"no such event: {item.Kind}");
        }
    }

    private void StopIfRevoked(IPeerConnection connection)
    {
        if (connection is PeerConnection { Member: { } member } && _host.Identity!.IsRevoked(member.KeyId))
            connection.Stop("its certificate has been revoked");
    }

    private void CarryOut()
    {
        while (_engine.TryDequeue(out var command))
        {
            switch (command.Kind)
            {
                case EngineCommandKind.Send:
                    if (_connections.TryGetValue(command.Peer, out var target))
                        target.Send(command.Message);
                    break;
                case EngineCommandKind.SendBlock:
                    if (_connections.TryGetValue(command.Peer, out var taker))
                        taker.SendBlock(command.Block);
                    break;
                case EngineCommandKind.HashBlocks:
                    if (_connections.TryGetValue(command.Peer, out var asker))
                        Track(HashBlocksAsync(asker, command.Block));
                    break;
                case EngineCommandKind.HashPiece:
                    Track(HashBlocksAsync(null, command.Block));
                    break;
                case EngineCommandKind.WriteBlock:
                    _files.Write(command.Block, _blockInHand!.Data.Span);
                    ReleaseBlockInHand();
                    break;
                case EngineCommandKind.DropBlock:
                    ReleaseBlockInHand();
                    break;
                case EngineCommandKind.CheckPiece:
                    _checker!.Check(command.Block.Piece);
                    break;
                case EngineCommandKind.PieceVerified:
                    _journal?.Append(command.Block.Piece);
                    break;
                case EngineCommandKind.Completed:
                    RefreshStatus(isForced: true);
                    _completion.TrySetResult();
                    Array.ForEach(_trackers, announcer => announcer.AnnounceCompleted());
                    break;
                case EngineCommandKind.Disconnect:
                    _webSeeds?.Dropped(command.Peer, command.Fault);
                    if (_connections.TryGetValue(command.Peer, out var ended))
                        ended.Stop($"dropped: {command.Fault}");
                    break;
                case EngineCommandKind.PeerHeard:
                    var heard = command.EndPoint!;
                    _engine.PeerDiscovered(heard, PeerSource.Exchange, ReachOf(heard, PeerSource.Exchange, command.IsNear));
                    break;
                case EngineCommandKind.PeerNear:
                    if (_connections.TryGetValue(command.Peer, out var member))
                    {
                        _host.ComeNear(member);
                        LogOfOurSite(_logger, member.Peer.EndPoint);
                    }
                    break;
                case EngineCommandKind.Connect:
                    Track(ConnectAsync(command.EndPoint!));
                    break;
                default:
                    throw new InvalidOperationException($"no such command: {command.Kind}");
            }
        }
    }

    private void ReleaseBlockInHand()
    {
        _blockInHand?.Release();
        _blockInHand = null;
    }

    /// <summary>
    /// How far a peer is that we have only heard of. Others' word that it is near counts as far as its address allows; what it is, the
    /// connection shows.
    /// </summary>
    private PeerReach ReachOf(IPEndPoint endPoint, PeerSource source, bool isToldNear)
    {
        var isNear =
            source == PeerSource.Neighbour
            || (isToldNear && _host.Site is not null && _host.Scope.MayShareSite(null, endPoint.Address));
        return isNear ? PeerReach.Lan : _host.Scope.Classify(endPoint.Address);
    }

    private async Task RunConnectionAsync(IPeerConnection connection)
    {
        await connection.RunAsync(this);
        _host.ConnectionClosed();
        await TryPostAsync(new SessionEvent(SessionEventKind.Disconnected, connection), _stop.Token);
    }

    private async Task HashBlocksAsync(IPeerConnection? connection, BlockRange piece)
    {
        Sha256Digest[] leaves = [];
        try
        {
            leaves = await Task.Run(() => PieceCheck.HashBlocks(_files, piece), _stop.Token);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The peer is told no; a piece of ours is fetched anew.
        }
        await TryPostAsync(new SessionEvent(SessionEventKind.BlocksHashed, connection, Range: piece, Leaves: leaves), _stop.Token);
    }

    private async Task ConnectAsync(IPEndPoint endPoint)
    {
        var info = Metainfo.Info;
        var connection = await _host.TryConnectAsync(endPoint, info.V1Hash, info.V2Hash, IsClosed ? info.Name : null, _logger, _stop.Token);
        if (connection is null)
        {
            await TryPostAsync(new SessionEvent(SessionEventKind.ConnectFailed, EndPoint: endPoint), _stop.Token);
            return;
        }
        var (link, peer) = connection.Value;
        await AdoptAsync(link, peer, _stop.Token);
    }

    private void SetTimer()
    {
        var due = _engine.NextAdvance;
        if (due is null || (_timerAt is { } set && set <= due))
            return;
        _timerAt = due;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), due.Value);
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    private void RefreshStatus(bool isForced = false)
    {
        var now = _time.GetTimestamp();
        if (!isForced && _time.GetElapsedTime(_statusAt, now) < StatusInterval)
            return;
        _statusAt = now;
        var engine = _engine.Status;
        Volatile.Write(
            ref _status,
            new TorrentStatus
            {
                ContentBytes = Metainfo.Info.ContentBytes,
                VerifiedBytes = engine.VerifiedBytes,
                DiskBytes = _diskBytes,
                ReceivedLanBytes = engine.ReceivedLanBytes,
                ReceivedWanBytes = engine.ReceivedWanBytes,
                ReceivedHttpBytes = engine.ReceivedHttpBytes,
                SentLanBytes = engine.SentLanBytes,
                SentWanBytes = engine.SentWanBytes,
                WastedBytes = engine.WastedBytes,
                SentControlBytes = engine.SentControlBytes,
                Peers = engine.Peers,
                Seeds = engine.Seeds,
                WebSeeds = engine.WebSeeds,
                WebSeedTrouble = _webSeeds?.Trouble,
                IsComplete = _engine.IsComplete,
            }
        );
    }

    private async Task CloseConnectionsAsync()
    {
        foreach (var connection in _connections.Values)
            await connection.DisposeAsync();
        _connections.Clear();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{EndPoint}: disconnected: {Reason}")]
    private static partial void LogDisconnected(ILogger logger, IPEndPoint endPoint, string? reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{EndPoint}: of our site, in another network")]
    private static partial void LogOfOurSite(ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Torrent}: stopped: {Reason}")]
    private static partial void LogFailed(ILogger logger, string torrent, string reason);
}
