using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Node.Identities;

/// <summary>
/// Makes this machine a member of a closed swarm: a key that never leaves it, and the certificate that the authority's server gives for a
/// token. Cut short at any point and begun again it uses the same key, so that the token is not spent twice.
/// </summary>
public static class Enrolment
{
    private const string PendingSuffix = ".new";
    private const int MaxKeyBytes = 4096;
    private const string PemLabel = "CERTIFICATE";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>True when a directory holds an identity.</summary>
    public static bool IsThere(string directory) => File.Exists(Path.Combine(directory, SwarmIdentity.KeyFile));

    /// <summary>What a machine calls itself: its host name, when it is one that an authority takes and that says anything, else the node's id.</summary>
    public static string NameOf(string host, string nodeId)
    {
        ArgumentNullException.ThrowIfNull(host);
        return SwarmAuthority.IsName(host) && host is not "localhost" ? host : nodeId;
    }

    /// <summary>Enrols, and writes the identity.</summary>
    /// <param name="server">Base URL of the seed, ending in '/'.</param>
    /// <param name="token">The token.</param>
    /// <param name="name">What the machine calls itself, when the token has no name.</param>
    /// <param name="directory">Where the identity goes; must hold none.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeException">The server cannot be reached or refuses.</exception>
    /// <exception cref="TrustException">What it answers is not the authority's word.</exception>
    /// <exception cref="IOException">The directory cannot be written, or holds an identity.</exception>
    public static async Task EnrolAsync(Uri server, EnrolmentToken token, string name, string directory, TimeProvider time, CancellationToken cancellation)
    {
        if (IsThere(directory))
            throw new IOException($"{directory}: there is an identity already");
        Directory.CreateDirectory(directory);
        var request = TakeKey(directory);
        var url = new Uri(server, "enrol");
        var bytes = await PostAsync(url, EnrolmentRequest.Create(token, name, request.SigningRequest).Encode(), identity: null, time, cancellation);
        Write(directory, EnrolmentAnswer.Accept(bytes, token, request), time);
    }

    /// <summary>Gets a certificate that holds longer, for the same key.</summary>
    /// <exception cref="NodeException">The server cannot be reached or refuses.</exception>
    /// <exception cref="TrustException">What it answers is not the authority's word.</exception>
    /// <exception cref="IOException">There is no identity, or it cannot be written.</exception>
    public static async Task RenewAsync(Uri server, string directory, TimeProvider time, CancellationToken cancellation)
    {
        using var identity = SwarmIdentity.Open(directory, time);
        var request = IdentityRequest.For(ReadKey(Path.Combine(directory, SwarmIdentity.KeyFile)) ?? throw new IOException($"{directory}: the key cannot be read"));
        var bytes = await PostAsync(new Uri(server, "renew"), request.SigningRequest.ToArray(), identity, time, cancellation);
        var answer = EnrolmentAnswer.Decode(bytes);
        if (!IsOurs(identity, answer.Certificate.Span))
            throw new NodeException(FaultKind.Refused, $"{server}: the answer is no certificate of our authority for our key");
        StateFiles.Replace(Path.Combine(directory, SwarmIdentity.CertificateFile), Pem(answer.Certificate));
    }

    private static bool IsOurs(SwarmIdentity identity, ReadOnlySpan<byte> certificate)
    {
        try
        {
            using var renewed = X509CertificateLoader.LoadCertificate(certificate);
            return identity.MemberOf(renewed)?.KeyId == identity.KeyId;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Writes the identity of a key that is in the directory, waiting; the key last.</summary>
    private static void Write(string directory, EnrolmentAnswer answer, TimeProvider time)
    {
        var key = Path.Combine(directory, SwarmIdentity.KeyFile);
        StateFiles.Replace(Path.Combine(directory, SwarmIdentity.AuthorityFile), Pem(answer.Authority));
        StateFiles.Replace(Path.Combine(directory, SwarmIdentity.CertificateFile), Pem(answer.Certificate));
        AtomicRename.Replace(key + PendingSuffix, key);
        // an authority that signs for another key, or not at all, is told here
        SwarmIdentity.Open(directory, time).Dispose();
    }

    /// <summary>The key of an attempt that was cut short, or a new one.</summary>
    private static IdentityRequest TakeKey(string directory)
    {
        var path = Path.Combine(directory, SwarmIdentity.KeyFile + PendingSuffix);
        if (ReadKey(path) is { Length: > 0 } pending)
        {
            try
            {
                return IdentityRequest.For(pending);
            }
            catch (TrustException)
            {
                // cut short while it was written
            }
        }
        var request = IdentityRequest.Create();
        File.Delete(path);
        SwarmIdentity.WriteKey(path, request.KeyPem);
        return request;
    }

    private static string? ReadKey(string path) => StateFiles.Read(path, MaxKeyBytes) is { } bytes ? Encoding.ASCII.GetString(bytes) : null;

    private static byte[] Pem(ReadOnlyMemory<byte> certificate) =>
        Encoding.ASCII.GetBytes(PemEncoding.WriteString(PemLabel, certificate.Span) + "\n");

    private static async Task<byte[]> PostAsync(Uri url, byte[] body, SwarmIdentity? identity, TimeProvider time, CancellationToken cancellation)
    {
#pragma warning disable CA5359 // the answer is held against the token, and the secret in it is not sent: who the server is matters to nobody
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            SslOptions = identity?.ServerOptions() ?? new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { MaxResponseContentBufferSize = EnrolmentAnswer.MaxBytes, Timeout = Timeout.InfiniteTimeSpan };
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var content = new ByteArrayContent(body);
            using var response = await client.PostAsync(url, content, either.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => answer,
                HttpStatusCode.Forbidden => throw new NodeException(FaultKind.Refused, $"{url}: refused: {Words(answer)}"),
                HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => throw new NodeException(FaultKind.Nothing, $"{url}: this server does not enrol machines"),
                _ => throw new NodeException(FaultKind.Failed, $"{url}: the server answered {(int)response.StatusCode}: {Words(answer)}"),
            };
        }
        catch (HttpRequestException fault)
        {
            throw new NodeException(FaultKind.Unreachable, $"{url}: {fault.InnerException?.Message ?? fault.Message}", fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new NodeException(FaultKind.Unreachable, $"{url}: no answer in time", fault);
        }
    }

    private static string Words(byte[] answer) =>
        new([.. Encoding.ASCII.GetString(answer.AsSpan(0, Math.Min(answer.Length, 200))).Trim().Select(each => char.IsControl(each) ? ' ' : each)]);
}
