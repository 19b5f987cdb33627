using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Tests.Trackers;

/// <summary>A UDP tracker on a free loopback port that receives and answers as the test says.</summary>
internal sealed class ScriptedUdpTracker : IDisposable
{
    public const ulong ConnectionId = 0x0102030405060708;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;

    public ScriptedUdpTracker(IPAddress? address = null, int port = 0)
    {
        address ??= IPAddress.Loopback;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, port));
    }

    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public Uri Url => new($"udp://{EndPoint}/announce");

    /// <summary>Whether nothing waits to be received.</summary>
    public bool IsQuiet => _socket.Available == 0;

    /// <summary>The next request.</summary>
    public async Task<UdpTrackerRequest> ReceiveAsync()
    {
        using var giveUp = new CancellationTokenSource(Patience, TimeProvider.System);
        var buffer = new byte[2048];
        var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, any, giveUp.Token);
        return new UdpTrackerRequest((IPEndPoint)received.RemoteEndPoint, buffer[..received.ReceivedBytes]);
    }

    public Task AnswerConnectAsync(UdpTrackerRequest request, uint? transaction = null, ulong id = ConnectionId)
    {
        var answer = new byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), transaction ?? request.Transaction);
        BinaryPrimitives.WriteUInt64BigEndian(answer.AsSpan(8), id);
        return SendAsync(request.From, answer);
    }

    public Task AnswerAnnounceAsync(UdpTrackerRequest request, uint? transaction = null, params byte[] peers)
    {
        var answer = new byte[20 + peers.Length];
        BinaryPrimitives.WriteInt32BigEndian(answer, 1);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), transaction ?? request.Transaction);
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(8), 1800);
        peers.CopyTo(answer, 20);
        return SendAsync(request.From, answer);
    }

    public Task AnswerErrorAsync(UdpTrackerRequest request, ReadOnlySpan<byte> reason)
    {
        var answer = new byte[8 + reason.Length];
        BinaryPrimitives.WriteInt32BigEndian(answer, 3);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), request.Transaction);
        reason.CopyTo(answer.AsSpan(8));
        return SendAsync(request.From, answer);
    }

    public async Task SendAsync(IPEndPoint target, byte[] bytes) => await _socket.SendToAsync(bytes, SocketFlags.None, target);

    /// <summary>Answers everything until disposed; every announce is told of the same peers.</summary>
    public async Task ServeAsync(Action<UdpTrackerRequest> onAnnounce, params byte[] peers)
    {
        try
        {
            while (true)
            {
                var request = await ReceiveAsync();
                if (request.IsConnect)
                {
                    await AnswerConnectAsync(request);
                    continue;
                }
                onAnnounce(request);
                await AnswerAnnounceAsync(request, null, peers);
            }
        }
        catch (Exception fault) when (fault is ObjectDisposedException or SocketException)
        {
            // Disposed.
        }
    }

    public void Dispose() => _socket.Dispose();
}
