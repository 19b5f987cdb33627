using System.Runtime.InteropServices;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

// From hashes to bencode.
public static partial class TorrentBuilder
{
    private static byte[] Encode(
        TorrentBuildOptions options,
        List<HashedFile> files,
        int pieceLength,
        bool hasPads,
        ReadOnlySpan<byte> v1Pieces
    )
    {
        // Read back what was written: the same rules, limits and hashes as any other torrent's.
        var info = TorrentInfo.Parse(EncodeInfo(options, files, pieceLength, hasPads, v1Pieces));
        var layers = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
        foreach (var file in files)
            layers[file.Root] = file.Layer;
        var metainfo = Metainfo.Create(
            info,
            info.V2Hash is null ? null : PieceLayers.Create(info, layers),
            [.. options.Trackers.Select(url => (IReadOnlyList<string>)[url])],
            options.WebSeeds,
            options.Comment,
            options.CreatedBy
        );
        var encoded = metainfo.Encode(options.CreationUnixSeconds);
        return encoded.Length <= Metainfo.MaxBytes
            ? encoded
            : throw new ContentException($"torrent: expected at most {Metainfo.MaxBytes} bytes of metainfo: use larger pieces");
    }

    private static byte[] EncodeInfo(
        TorrentBuildOptions options,
        List<HashedFile> files,
        int pieceLength,
        bool hasPads,
        ReadOnlySpan<byte> v1Pieces
    )
    {
        var (hasV1, hasV2) = (options.Kind != TorrentKind.V2, options.Kind != TorrentKind.V1);
        // A v2 file tree with one file called like the torrent says "single file": v1 has to say the same.
        var isSingle = files.Count == 1 && files[0].Segments.Length == 1 && files[0].Segments[0] == options.Name;
        var writer = new BencodeWriter();
        writer.StartDictionary();
        if (hasV1 && isSingle)
            WriteAttributes(writer, files[0]);
        if (hasV2)
        {
            writer.WriteKey("file tree"u8);
            WriteTree(writer, CollectionsMarshal.AsSpan(files), depth: 0);
        }
        if (hasV1 && isSingle)
        {
            writer.WriteEntry("length"u8, files[0].Length);
        }
        else if (hasV1)
        {
            writer.WriteKey("files"u8);
            WriteV1Files(writer, files, hasPads ? pieceLength : 1);
        }
        if (hasV2)
            writer.WriteEntry("meta version"u8, 2);
        writer.WriteEntry("name"u8, options.Name);
        writer.WriteEntry("piece length"u8, pieceLength);
        if (hasV1)
            writer.WriteEntry("pieces"u8, v1Pieces);
        if (options.IsPrivate)
            writer.WriteEntry("private"u8, 1);
        if (options.Authority is { } authority)
            writer.WriteEntry("ssl-cert"u8, authority);
        writer.End();
        return writer.ToArray();
    }

    private static void WriteAttributes(BencodeWriter writer, HashedFile file)
    {
        if (file.IsExecutable)
            writer.WriteEntry("attr"u8, "x"u8);
    }

    private static void WriteTree(BencodeWriter writer, ReadOnlySpan<HashedFile> files, int depth)
    {
        writer.StartDictionary();
        while (!files.IsEmpty)
        {
            var name = files[0].Segments[depth];
            var count = 1;
            while (count < files.Length && files[count].Segments[depth] == name)
                count++;
            writer.WriteKey(System.Text.Encoding.UTF8.GetBytes(name));
            if (files[0].Segments.Length == depth + 1)
            {
                writer.StartDictionary();
                writer.WriteKey(""u8);
                writer.StartDictionary();
                WriteAttributes(writer, files[0]);
                writer.WriteEntry("length"u8, files[0].Length);
                if (files[0].Length > 0)
                    writer.WriteEntry("pieces root"u8, files[0].Root.AsSpan());
                writer.End();
                writer.End();
            }
            else
                WriteTree(writer, files[..count], depth + 1);
            files = files[count..];
        }
        writer.End();
    }

    // With an alignment of one byte there is nothing to pad.
    private static void WriteV1Files(BencodeWriter writer, List<HashedFile> files, int alignment)
    {
        writer.StartList();
        long offset = 0;
        foreach (var file in files)
        {
            var over = (int)(offset % alignment);
            if (file.Length > 0 && over != 0)
            {
                var pad = alignment - over;
                writer.StartDictionary();
                writer.WriteEntry("attr"u8, "p"u8);
                writer.WriteEntry("length"u8, pad);
                writer.WriteKey("path"u8);
                writer.StartList();
                writer.WriteString(".pad"u8);
                writer.WriteString(pad.ToString(System.Globalization.CultureInfo.InvariantCulture));
                writer.End();
                writer.End();
                offset += pad;
            }
            writer.StartDictionary();
            WriteAttributes(writer, file);
            writer.WriteEntry("length"u8, file.Length);
            writer.WriteKey("path"u8);
            writer.StartList();
            foreach (var segment in file.Segments)
                writer.WriteString(segment);
            writer.End();
            writer.End();
            offset += file.Length;
        }
        writer.End();
    }
}
