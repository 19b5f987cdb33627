using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// A connected socket and what its bytes are wrapped in: nothing, RC4 (MSE), or TLS. One task receives, one sends. Owned by
/// whoever holds it; disposing closes the socket.
/// </summary>
internal sealed class PeerLink : IDisposable
{
    private readonly SslStream? _tls;
    private readonly TlsCarrier? _carrier;

    /// <summary>A plaintext link.</summary>
    public PeerLink(Socket socket) => Socket = socket;

    /// <summary>A link in TLS, after its handshake.</summary>
    public PeerLink(Socket socket, TlsCarrier carrier, SslStream tls, Member member)
    {
        Socket = socket;
        _carrier = carrier;
        _tls = tls;
        Member = member;
    }

    /// <summary>The socket, for what is asked of the kernel.</summary>
    public Socket Socket { get; }

    /// <summary>RC4 in both directions, or null for none.</summary>
    public StreamCipher? Cipher { get; init; }

    /// <summary>What came behind the handshake already, decrypted; at most <see cref="MseExchange.MaxEarly"/> bytes.</summary>
    public ReadOnlyMemory<byte> Early { get; init; }

    /// <summary>Whom the peer has proved to be; null outside of closed swarms.</summary>
    public Member? Member { get; }

    /// <summary>True when bytes wait nowhere but in the socket, so that its low water mark says when there are enough.</summary>
    public bool IsUnbuffered => _tls is null;

    /// <summary>Reads some bytes; 0 at the end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (_tls is not null)
            return await _tls.ReadAsync(buffer, cancellation);
        var received = await Socket.ReceiveAsync(buffer, cancellation);
        Cipher?.Decrypt(buffer.Span[..received]);
        return received;
    }

    /// <summary>Reads so many bytes; false when the peer closes before.</summary>
    public async ValueTask<bool> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (buffer.Length > 0)
        {
            var received = await ReceiveAsync(buffer, cancellation);
            if (received == 0)
                return false;
            buffer = buffer[received..];
        }
        return true;
    }

    /// <summary>Sends all bytes; what the buffer holds afterwards is undefined.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(Memory<byte> data, CancellationToken cancellation)
    {
        if (_tls is not null)
        {
            _carrier!.Hold();
            await _tls.WriteAsync(data, cancellation);
            await _carrier.ReleaseAsync(cancellation);
            return;
        }
        Cipher?.Encrypt(data.Span);
        while (data.Length > 0)
            data = data[await Socket.SendAsync(data, cancellation)..];
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public async ValueTask FinishAsync()
    {
        if (_tls is not null)
            await _tls.ShutdownAsync();
        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tls?.Dispose();
        Socket.Dispose();
    }
}
