using System.Text.Json;
using StatelessSwarm.Cli.Images;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Repositories;

/// <summary>Releases and channels as scripts read them.</summary>
internal static class ReleaseJson
{
    /// <summary>Members of a release, inside an object already begun.</summary>
    public static void Write(Utf8JsonWriter writer, Sha256Digest digest, ReleaseManifest manifest)
    {
        writer.WriteString("digest", digest.ToString());
        writer.WriteString("product", manifest.Product);
        writer.WriteString("version", manifest.Version);
        writer.WriteNumber("build", manifest.Build);
        writer.WriteNumber("created_unix_seconds", manifest.CreatedUnixSeconds);
        writer.WriteString("format", ImageFormats.Name(manifest.Format));
        writer.WriteString("torrent_hash", manifest.TorrentHash.ToString());
        writer.WriteString("verity_root_hash", manifest.Verity.RootHash.ToString());
        writer.WriteNumber("bytes", manifest.TotalBytes);
        writer.WriteStartArray("files");
        foreach (var file in manifest.Files)
        {
            writer.WriteStartObject();
            writer.WriteString("role", RoleName(file.Role));
            writer.WriteString("name", file.Name);
            writer.WriteNumber("bytes", file.Length);
            writer.WriteString("sha256", file.Sha256.ToString());
            writer.WriteString("pieces_root", file.PiecesRoot.ToString());
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>A channel pointer as an object.</summary>
    public static void Write(Utf8JsonWriter writer, ChannelPointer pointer)
    {
        writer.WriteStartObject();
        writer.WriteString("product", pointer.Product);
        writer.WriteString("channel", pointer.Channel);
        writer.WriteString("release", pointer.Release.ToString());
        writer.WriteString("version", pointer.Version);
        writer.WriteNumber("build", pointer.Build);
        writer.WriteNumber("serial", pointer.Serial);
        writer.WriteNumber("expires_unix_seconds", pointer.ExpiresUnixSeconds);
        writer.WriteEndObject();
    }

    private static string RoleName(ReleaseFileRole role) =>
        role switch
        {
            ReleaseFileRole.Root => "root",
            ReleaseFileRole.Kernel => "kernel",
            ReleaseFileRole.Initrd => "initrd",
            _ => "unknown",
        };

    /// <summary>What the publisher noted about it.</summary>
    public static void Write(Utf8JsonWriter json, Sha256Digest digest, RepositoryNotes notes)
    {
        json.WriteBoolean("pinned", notes.Pinned.Contains(digest));
        json.WriteString("withdrawn", notes.WithdrawalOf(digest)?.Reason);
    }
}
