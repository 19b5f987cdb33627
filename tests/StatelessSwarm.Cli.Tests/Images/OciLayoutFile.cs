using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>Writes OCI image layouts as container tools do: blobs named by their digests, layers made by GNU tar.</summary>
internal sealed class OciLayoutFile
{
    private readonly string _directory;
    private readonly List<string> _manifests = [];

    public OciLayoutFile(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(Path.Combine(directory, "blobs/sha256"));
        File.WriteAllText(Path.Combine(directory, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
    }

    /// <summary>A layer from a directory. <paramref name="compress"/>: a filter such as <c>gzip -n</c>, or <c>cat</c>.</summary>
    public async Task<(string Blob, string Diff)> AddLayerAsync(string tree, string compress, string mediaType = "application/vnd.oci.image.layer.v1.tar+gzip")
    {
        var tar = Path.Combine(_directory, "layer.tar");
        await Shell.RunAsync(tree, $"tar --format=pax --sparse --sort=name --numeric-owner --xattrs --xattrs-include='*' -cf '{tar}' .; {compress} < '{tar}' > '{tar}.packed'");
        var diff = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(tar)));
        var blob = AddBlob(await File.ReadAllBytesAsync(tar + ".packed"));
        File.Delete(tar);
        File.Delete(tar + ".packed");
        return ($$"""{"mediaType":"{{mediaType}}",{{blob}}}""", diff);
    }

    /// <summary>An image of layers.</summary>
    public string AddManifest(params (string Blob, string Diff)[] layers)
    {
        var ids = string.Join(',', layers.Select(layer => $"\"{layer.Diff}\""));
        var config = AddBlob("""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[IDS]}}""".Replace("IDS", ids, StringComparison.Ordinal));
        return AddBlob(
            $$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",{{config}} },"layers":[{{string.Join(',', layers.Select(layer => layer.Blob))}}]}"""
        );
    }

    /// <summary>An index of images.</summary>
    public string AddIndex(params string[] entries) =>
        AddBlob($$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{string.Join(',', entries)}}]}""");

    /// <summary>An entry of an index.</summary>
    public static string Entry(string descriptor, string? tag = null, string? architecture = null) =>
        $"{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",{descriptor}"
        + (tag is null ? "" : $",\"annotations\":{{\"org.opencontainers.image.ref.name\":\"{tag}\"}}")
        + (architecture is null ? "" : $",\"platform\":{{\"os\":\"linux\",\"architecture\":\"{architecture}\"}}")
        + "}";

    /// <summary>Names an image in the layout's index.</summary>
    public void Name(string descriptor, string? tag = null, string? architecture = null)
    {
        _manifests.Add(Entry(descriptor, tag, architecture));
        File.WriteAllText(Path.Combine(_directory, "index.json"), $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', _manifests)}}]}""");
    }

    private string AddBlob(string text) => AddBlob(Encoding.UTF8.GetBytes(text));

    private string AddBlob(byte[] bytes)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllBytes(Path.Combine(_directory, "blobs/sha256", hash), bytes);
        return $"\"digest\":\"sha256:{hash}\",\"size\":{bytes.Length}";
    }
}
