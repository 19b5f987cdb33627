using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Images.Oci;

/// <summary>
/// An OCI image layout (OCI image specification 1.1: image-layout, index, manifest, config). Every blob is checked against the digest it is
/// named by, and every layer's archive against its diff id. Docker's own media types are taken as well.
/// </summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="blobs">Its files.</param>
internal sealed class OciLayout(string name, IOciBlobs blobs)
{
    /// <summary>The file that marks a layout.</summary>
    public const string MarkName = "oci-layout";

    /// <summary>The file everything begins with.</summary>
    public const string IndexName = "index.json";

    private static readonly SearchValues<char> _hexadecimal = SearchValues.Create("0123456789abcdef");

    private const int MaxJson = 4 << 20;
    private const int MaxLayers = 1000;
    private const int MaxNesting = 4;
    private const string ReferenceName = "org.opencontainers.image.ref.name";
    private const string DockerName = "io.containerd.image.name";

    /// <summary>The layers of an image, lowest first.</summary>
    /// <param name="reference">Its tag; null when there is one image only.</param>
    /// <param name="platform">As <c>linux/arm64</c>; null for this machine's.</param>
    /// <exception cref="CommandException">There is no such image, or several; something is missing or broken.</exception>
    public IReadOnlyList<OciLayer> FindLayers(string? reference, string? platform)
    {
        using var index = ReadJson(IndexName, null, long.MaxValue);
        var images = Items(index.RootElement, "manifests", IndexName).Where(entry => reference is null || IsNamed(entry, reference)).ToList();
        if (images.Count == 0)
            throw Broken(reference is null ? "holds no image" : $"holds no image named {reference}{Known(index.RootElement)}");
        return FindLayers(images, reference, platform, 1);
    }

    /// <summary>The archive of a layer, decompressed, readable at any place.</summary>
    /// <exception cref="CommandException">It is not there, or not what its digests say.</exception>
    public async Task<Stream> OpenLayerAsync(OciLayer layer, ArchiveSpool spool, CancellationToken cancellation)
    {
        var blob = OpenBlob(layer.Digest);
        await CheckAsync(blob, layer.Digest, layer.Length, cancellation);
        var archive = await spool.OpenAsync($"{name}: layer {layer.Digest}", blob, cancellation);
        if (layer.DiffId != layer.Digest)
            await CheckAsync(archive, layer.DiffId, archive.Length, cancellation);
        return archive;
    }

    private List<OciLayer> FindLayers(List<JsonElement> images, string? reference, string? platform, int depth)
    {
        if (depth > MaxNesting)
            throw Broken($"indexes nested more than {MaxNesting} times");
        var image = images.Count == 1 && platform is null ? images[0] : Choose(images, reference, platform);
        var (digest, length) = Descriptor(image);
        using var document = ReadJson(BlobPath(digest), digest, length);
        var root = document.RootElement;
        if (root.TryGetProperty("manifests", out _))
            return FindLayers([.. Items(root, "manifests", digest)], reference, platform, depth + 1);
        return LayersOf(root, digest);
    }

    private JsonElement Choose(List<JsonElement> images, string? reference, string? platform)
    {
        var wanted = platform ?? "linux/" + RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        };
        var fitting = images.Where(image => PlatformOf(image) == wanted).ToList();
        // A layout of one image may leave its platform to the image's own configuration.
        if (fitting.Count == 0 && images.Count == 1 && PlatformOf(images[0]).Length == 0)
            fitting = images;
        return fitting.Count switch
        {
            1 => fitting[0],
            0 => throw Broken($"holds no image for {wanted}; there are {string.Join(", ", images.Select(PlatformOf).Where(text => text.Length > 0).Distinct())}"),
            _ when reference is null => throw Broken($"holds {fitting.Count} images; --ref says which: {string.Join(", ", fitting.SelectMany(NamesOf).Distinct())}"),
            _ => throw Broken($"holds {fitting.Count} images named {reference} for {wanted}"),
        };
    }

    private List<OciLayer> LayersOf(JsonElement manifest, string digest)
    {
        var (configDigest, configLength) = Descriptor(Member(manifest, "config", digest));
        using var config = ReadJson(BlobPath(configDigest), configDigest, configLength);
        var diffIds = Items(Member(config.RootElement, "rootfs", configDigest), "diff_ids", configDigest).Select(id => id.GetString() ?? "").ToList();
        var layers = new List<OciLayer>();
        foreach (var layer in Items(manifest, "layers", digest))
        {
            var (layerDigest, length) = Descriptor(layer);
            var type = Text(layer, "mediaType");
            if (!type.Contains(".tar", StringComparison.Ordinal))
                throw Broken($"layer {layerDigest} is {Short(type)}, expected a tar archive");
            if (layers.Count == diffIds.Count || layers.Count == MaxLayers)
                break;
            CheckDigest(diffIds[layers.Count]);
            layers.Add(new OciLayer(layerDigest, length, diffIds[layers.Count]));
        }
        if (layers.Count != diffIds.Count || layers.Count != Items(manifest, "layers", digest).Count())
            throw Broken($"{diffIds.Count} diff ids for {Items(manifest, "layers", digest).Count()} layers, expected as many, at most {MaxLayers}");
        return layers;
    }

    private JsonDocument ReadJson(string path, string? digest, long length)
    {
        using var stream = blobs.Open(path) ?? throw Broken($"{path} is missing");
        if (stream.Length > MaxJson || (digest is not null && stream.Length != length))
            throw Broken($"{path} has {stream.Length} bytes, expected {(digest is null ? $"at most {MaxJson}" : length)}");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        if (digest is not null && DigestText(SHA256.HashData(bytes)) != digest)
            throw Broken($"{path} is not what its digest says");
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException fault)
        {
            throw Broken($"{path} is no JSON: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    private async Task CheckAsync(Stream stream, string digest, long length, CancellationToken cancellation)
    {
        if (stream.Length != length)
            throw Broken($"blob {digest} has {stream.Length} bytes, expected {length}");
        stream.Position = 0;
        var hash = await SHA256.HashDataAsync(stream, cancellation);
        if (DigestText(hash) != digest)
            throw Broken($"blob {digest} is {DigestText(hash)}");
        stream.Position = 0;
    }

    private Stream OpenBlob(string digest) => blobs.Open(BlobPath(digest)) ?? throw Broken($"blob {digest} is missing");

    private (string Digest, long Length) Descriptor(JsonElement entry)
    {
        var digest = Text(entry, "digest");
        CheckDigest(digest);
        var length = entry.TryGetProperty("size", out var size) && size.TryGetInt64(out var number) ? number : -1;
        return length >= 0 ? (digest, length) : throw Broken($"the descriptor of {digest} has no size");
    }

    private void CheckDigest(string digest)
    {
        if (digest.Length != 71 || !digest.StartsWith("sha256:", StringComparison.Ordinal) || digest.AsSpan(7).ContainsAnyExcept(_hexadecimal))
            throw Broken($"the digest {Short(digest)}: expected sha256: and 64 hexadecimal digits");
    }

    private IEnumerable<JsonElement> Items(JsonElement parent, string member, string where)
    {
        var list = Member(parent, member, where);
        return list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : throw Broken($"{where}: {member} is no list");
    }

    private JsonElement Member(JsonElement parent, string member, string where) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(member, out var value) ? value : throw Broken($"{where}: {member} is missing");

    private static string Text(JsonElement parent, string member) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    private static string PlatformOf(JsonElement image)
    {
        if (image.ValueKind != JsonValueKind.Object || !image.TryGetProperty("platform", out var platform))
            return "";
        var variant = Text(platform, "variant");
        // The one variant that everybody leaves out.
        return $"{Text(platform, "os")}/{Text(platform, "architecture")}" + (variant is "" or "v8" ? "" : "/" + variant);
    }

    private static IEnumerable<string> NamesOf(JsonElement image)
    {
        if (image.ValueKind != JsonValueKind.Object || !image.TryGetProperty("annotations", out var notes))
            yield break;
        foreach (var key in new[] { ReferenceName, DockerName })
        {
            if (Text(notes, key) is { Length: > 0 } found)
                yield return found;
        }
    }

    private static bool IsNamed(JsonElement image, string reference) => NamesOf(image).Contains(reference, StringComparer.Ordinal);

    private string Known(JsonElement index)
    {
        var names = Items(index, "manifests", IndexName).SelectMany(NamesOf).Distinct().Take(20).ToList();
        return names.Count == 0 ? "; none has a name" : "; there are " + string.Join(", ", names.Select(Short));
    }

    private static string BlobPath(string digest) => "blobs/sha256/" + digest["sha256:".Length..];

    private static string DigestText(ReadOnlySpan<byte> hash) => "sha256:" + Convert.ToHexStringLower(hash);

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "...";

    private CommandException Broken(string what) => new(ExitCode.Failed, $"{name}: {what}");
}
