using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// Reads a release's directory. Whether the manifest may be believed was decided by Trust before staging; here its digest
/// ties it to the directory's name.
/// </summary>
internal static class ReleaseReader
{
    /// <summary>32 signatures of at most 512 bytes around a manifest.</summary>
    private const int MaxEnvelopeBytes = ReleaseManifest.MaxBytes + (32 * 512);

    /// <summary>NAME_MAX.</summary>
    private const int MaxNameBytes = 255;

    internal const string ManifestName = "manifest.mp";
    internal const string TorrentName = "release.torrent";

    private const string MapName = ReleaseChunkMap.FileName;

    /// <summary>Ending of a file that is written and then renamed.</summary>
    internal const string TemporarySuffix = ".new";

    /// <summary>The resume journal and its temporary name.</summary>
    internal static readonly IReadOnlyList<string> JournalNames = ["resume", "resume.new", MapName + ".resume", MapName + ".resume.new"];

    private static readonly IReadOnlyList<string> OwnNames =
    [
        ManifestName,
        ManifestName + TemporarySuffix,
        TorrentName,
        TorrentName + TemporarySuffix,
        MapName,
        MapName + TemporarySuffix,
        MapName + ".torrent",
        MapName + ".torrent" + TemporarySuffix,
        "root.verity",
        .. JournalNames,
    ];

    /// <summary>The manifest in an envelope.</summary>
    /// <exception cref="ContentException">It is malformed or another one than <paramref name="digest"/>.</exception>
    internal static ReleaseManifest ReadManifest(ReadOnlyMemory<byte> envelope, Sha256Digest digest)
    {
        ReadOnlyMemory<byte> payload;
        try
        {
            payload = SignedEnvelope.Decode(envelope, ReleaseManifest.MaxBytes).Payload;
        }
        catch (TrustException fault)
        {
            throw new ContentException($"manifest envelope: {fault.Message}", fault);
        }
        var actual = Sha256Digest.HashData(payload.Span);
        if (actual != digest)
            throw new ContentException($"manifest: digest {actual}, expected {digest}");
        return ReleaseManifest.Decode(payload);
    }

    /// <summary>
    /// The release in a directory when its manifest is right and every file has its length; null with a problem when not, null
    /// without one when there is no such directory.
    /// </summary>
    internal static StoredRelease? TryRead(string directory, Sha256Digest digest, out string? problem)
    {
        problem = null;
        if (!Directory.Exists(directory))
            return null;
        try
        {
            var manifest = ReadManifest(ReadEnvelope(Path.Combine(directory, ManifestName)), digest);
            CheckNames(manifest);
            var release = new StoredRelease(digest, directory, manifest);
            problem = manifest.Files.Select(file => LengthProblem(release.PathOf(file), file.Length)).FirstOrDefault(line => line is not null);
            if (problem is null && !File.Exists(release.TorrentPath))
                problem = $"{TorrentName}: missing";
            return problem is null ? release : null;
        }
        catch (Exception fault) when (fault is ContentException or IOException or UnauthorizedAccessException)
        {
            problem = fault.Message;
            return null;
        }
    }

    /// <summary>Refuses names that would leave the directory, hide, or hit one of our own files.</summary>
    /// <exception cref="ContentException">Says which file, by its place.</exception>
    internal static void CheckNames(ReleaseManifest manifest)
    {
        for (var i = 0; i < manifest.Files.Count; i++)
        {
            var name = manifest.Files[i].Name;
            if (
                name.Length == 0
                || name[0] == '.'
                || name.AsSpan().ContainsAny('/', '\0')
                || Encoding.UTF8.GetByteCount(name) > MaxNameBytes
                || OwnNames.Contains(name)
            )
                throw new ContentException($"manifest: file {i}: its name cannot be used in a release's directory");
        }
    }

    private static string? LengthProblem(string path, long expected)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return $"{file.Name}: missing";
        return file.Length == expected ? null : $"{file.Name}: {file.Length} bytes, expected {expected}";
    }

    private static byte[] ReadEnvelope(string path)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        if (length > MaxEnvelopeBytes)
            throw new ContentException($"{ManifestName}: {length} bytes, at most {MaxEnvelopeBytes} expected");
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length)
        {
            var count = RandomAccess.Read(file, bytes.AsSpan(read), read);
            if (count == 0)
                throw new ContentException($"{ManifestName}: ends after {read} of {length} bytes");
            read += count;
        }
        return bytes;
    }
}
