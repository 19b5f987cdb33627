using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Announces to UDP trackers (BEP 15): one exchange per call, over a socket of its own that hears the tracker alone.
/// <para>
/// A request is sent again after 15 s, then after 30 s more, under the same transaction number, so that a late answer
/// to the first still counts; the exchange is given up after 60 s. An id that is older than 60 s, that the tracker
/// refuses, or that it leaves unanswered is replaced by a new one.
/// </para>
/// </summary>
internal sealed class UdpTrackerClient(TimeProvider time)
{
    /// <summary>Datagrams that answer nothing we asked, tolerated in one exchange.</summary>
    public const int MaxStrays = 64;

    /// <summary>How long an exchange may take, all repetitions together.</summary>
    public static readonly TimeSpan ExchangeTime = TimeSpan.FromSeconds(60);

    /// <summary>Wait for the first answer; doubles with each repetition (BEP 15).</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(15);

    private readonly UdpConnectionIds _ids = new(time);

    /// <summary>One announce.</summary>
    /// <param name="tracker">Address the URL's host stands for.</param>
    /// <param name="urlData">Path and query of the URL, ASCII.</param>
    /// <param name="request">What to tell.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TrackerException">Not reached, or refused.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<TrackerReply> AnnounceAsync(
        IPEndPoint tracker,
        ReadOnlyMemory<byte> urlData,
        AnnounceRequest request,
        CancellationToken cancellation
    )
    {
        using var limit = new CancellationTokenSource(ExchangeTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var socket = new Socket(tracker.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(tracker, either.Token);
            return await ExchangeAsync(socket, tracker, urlData, request, either.Token);
        }
        catch (SocketException fault)
        {
            throw new TrackerException(fault.Message, fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new TrackerException($"no answer within {ExchangeTime.TotalSeconds} s", fault);
        }
    }

    private async Task<TrackerReply> ExchangeAsync(
        Socket socket,
        IPEndPoint tracker,
        ReadOnlyMemory<byte> urlData,
        AnnounceRequest request,
        CancellationToken cancellation
    )
    {
        var packet = new byte[UdpTrackerWire.MaxRequestLength];
        var inbox = new Inbox(socket);
        var isOldId = _ids.Find(tracker) is not null;
        while (true)
        {
            var id = _ids.Find(tracker);
            var transaction = NewTransaction();
            var length = id is { } known
                ? UdpTrackerWire.WriteAnnounce(packet, known, transaction, request, urlData.Span)
                : UdpTrackerWire.WriteConnect(packet, transaction);
            var kind = id is null ? UdpTrackerAnswerKind.Connect : UdpTrackerAnswerKind.Announce;
            var answer = await AskAsync(inbox, packet.AsMemory(0, length), transaction, kind, isRepeated: !isOldId, cancellation);
            if (answer is null or { Kind: UdpTrackerAnswerKind.Error } && isOldId)
            {
                isOldId = false;
                _ids.Forget(tracker);
                continue;
            }
            switch (answer)
            {
                case { Kind: UdpTrackerAnswerKind.Connect } connected:
                    _ids.Remember(tracker, connected.ConnectionId);
                    break;
                case { Kind: UdpTrackerAnswerKind.Announce } announced:
                    return announced.Reply!;
                case { Kind: UdpTrackerAnswerKind.Error } refused:
                    throw new TrackerException($"refuses: {refused.Reason}");
            }
        }
    }

    /// <summary>Sends a request until it is answered; null when it is not to be repeated and the first wait is
    /// over.</summary>
    private async Task<UdpTrackerAnswer?> AskAsync(
        Inbox inbox,
        ReadOnlyMemory<byte> packet,
        uint transaction,
        UdpTrackerAnswerKind kind,
        bool isRepeated,
        CancellationToken cancellation
    )
    {
        for (var wait = FirstWait; ; wait *= 2)
        {
            using var limit = new CancellationTokenSource(wait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            try
            {
                await inbox.SendAsync(packet, either.Token);
                return await inbox.ReceiveAsync(transaction, kind, either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                if (!isRepeated)
                    return null;
            }
        }
    }

    // By chance that nobody can guess: whoever cannot see our requests cannot answer them.
    private static uint NewTransaction() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    /// <summary>The socket, and how many datagrams came that nobody had asked for.</summary>
    private sealed class Inbox(Socket socket)
    {
        private readonly byte[] _buffer = new byte[UdpTrackerWire.MaxAnswerLength];
        private int _strays;

        public async Task SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellation) =>
            await socket.SendAsync(packet, SocketFlags.None, cancellation);

        public async Task<UdpTrackerAnswer> ReceiveAsync(uint transaction, UdpTrackerAnswerKind kind, CancellationToken cancellation)
        {
            var addressLength =
                socket.AddressFamily == AddressFamily.InterNetwork ? CompactPeers.V4AddressLength : CompactPeers.V6AddressLength;
            while (true)
            {
                var length = await socket.ReceiveAsync(_buffer, SocketFlags.None, cancellation);
                if (
                    UdpTrackerWire.TryRead(_buffer.AsSpan(0, length), addressLength, out var answer)
                    && answer.Transaction == transaction
                    && (answer.Kind == kind || answer.Kind == UdpTrackerAnswerKind.Error)
                )
                    return answer;
                if (++_strays > MaxStrays)
                    throw new TrackerException("sends datagrams that answer nothing");
            }
        }
    }
}
