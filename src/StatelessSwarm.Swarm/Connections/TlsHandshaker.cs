using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// TLS 1.3 between members of a closed swarm (libtorrent's manual, "SSL torrents"): both ends show certificates, the client names the torrent as the
/// server's name (SNI, RFC 6066 3), 40 hexadecimal digits. How long it may take is the caller's business.
/// </summary>
internal static class TlsHandshaker
{
    /// <summary>Bytes of a connection that tell a TLS client from everything else.</summary>
    public const int StartLength = 6;

    /// <summary>
    /// True when a connection begins as TLS does: a handshake record of some version 3, with a ClientHello in it (RFC 8446 5.1, 4). An encrypted
    /// BitTorrent handshake begins so by a chance of 2^-40.
    /// </summary>
    public static bool IsStart(ReadOnlySpan<byte> start) => start is [0x16, 0x03, <= 0x04, _, _, 0x01, ..];

    /// <summary>As the side that connected; null when the other one is no member.</summary>
    public static Task<PeerLink?> InitiateAsync(Socket socket, InfoHash torrent, SwarmIdentity identity, CancellationToken cancellation)
    {
        var options = identity.MemberOptions();
        options.TargetHost = torrent.ToString();
        return RunAsync(socket, default, tls => tls.AuthenticateAsClientAsync(options, cancellation), identity);
    }

    /// <summary>As the side that was connected to, over what came already; null when the other one is no member.</summary>
    public static Task<PeerLink?> RespondAsync(Socket socket, ReadOnlyMemory<byte> received, SwarmIdentity identity, CancellationToken cancellation) =>
        RunAsync(socket, received, tls => tls.AuthenticateAsServerAsync(identity.ListenerOptions(), cancellation), identity);

    private static async Task<PeerLink?> RunAsync(Socket socket, ReadOnlyMemory<byte> received, Func<SslStream, Task> authenticateAsync, SwarmIdentity identity)
    {
        var carrier = new TlsCarrier(socket, received);
        var tls = new SslStream(carrier, leaveInnerStreamOpen: false);
        try
        {
            await authenticateAsync(tls);
            if (identity.StillMember(tls.RemoteCertificate) is { } member)
                return new PeerLink(socket, carrier, tls, member);
        }
        catch (Exception fault) when (fault is AuthenticationException or IOException)
        {
            // A stranger, or somebody who does not speak TLS.
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
        await tls.DisposeAsync();
        return null;
    }
}
