using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Cli.Identities;

/// <summary>Certificates and keys as files of people who move them by hand.</summary>
internal static class IdentityFiles
{
    /// <summary>File name of a request that waits for its certificate.</summary>
    public const string RequestFile = "identity.csr";

    private const string CertificateLabel = "CERTIFICATE";

    /// <summary>Reads a certificate in PEM; the caller disposes it.</summary>
    /// <exception cref="CommandException">It is not there, or none.</exception>
    public static X509Certificate2 ReadCertificate(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPem(ReadText(path));
        }
        catch (CryptographicException fault)
        {
            throw new CommandException(ExitCode.Failed, $"{path}: expected a certificate in PEM: {fault.Message}");
        }
    }

    /// <summary>Reads a request in PEM, as DER.</summary>
    /// <exception cref="CommandException">It is not there, or none.</exception>
    public static byte[] ReadRequest(string path)
    {
        var text = ReadText(path);
        if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == IdentityRequest.PemLabel)
            return Convert.FromBase64String(text[fields.Base64Data]);
        throw new CommandException(ExitCode.Failed, $"{path}: expected a certificate request in PEM");
    }

    /// <summary>A text of at most <see cref="TorrentInfo.MaxAuthorityLength"/> characters.</summary>
    /// <exception cref="CommandException">It is not there, or longer.</exception>
    public static string ReadText(string path)
    {
        if (!File.Exists(path))
            throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
        return new FileInfo(path).Length <= TorrentInfo.MaxAuthorityLength
            ? File.ReadAllText(path)
            : throw new CommandException(ExitCode.Failed, $"{path}: larger than {TorrentInfo.MaxAuthorityLength} bytes");
    }

    /// <summary>Writes a new key, for its owner's eyes, and the request that goes with it.</summary>
    public static void WriteRequest(string directory, IdentityRequest request)
    {
        WriteKey(directory, request);
        WritePem(Path.Combine(directory, RequestFile), IdentityRequest.PemLabel, request.SigningRequest);
    }

    /// <summary>Writes a whole identity.</summary>
    public static void WriteIdentity(string directory, IdentityRequest request, ReadOnlyMemory<byte> certificate, ReadOnlyMemory<byte> authority)
    {
        WriteKey(directory, request);
        WriteCertificate(Path.Combine(directory, SwarmIdentity.AuthorityFile), authority);
        WriteCertificate(Path.Combine(directory, SwarmIdentity.CertificateFile), certificate);
    }

    /// <summary>Writes a certificate as PEM.</summary>
    public static void WriteCertificate(string path, ReadOnlyMemory<byte> certificate) => WritePem(path, CertificateLabel, certificate);

    private static void WriteKey(string directory, IdentityRequest request)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, SwarmIdentity.KeyFile);
        if (File.Exists(path))
            throw new CommandException(ExitCode.Failed, $"{path}: is there already; a key is never overwritten");
        SwarmIdentity.WriteKey(path, request.KeyPem);
    }

    private static void WritePem(string path, string label, ReadOnlyMemory<byte> bytes)
    {
        var temporary = path + ".new";
        File.WriteAllText(temporary, PemEncoding.WriteString(label, bytes.Span) + "\n");
        AtomicRename.Replace(temporary, path);
    }
}
