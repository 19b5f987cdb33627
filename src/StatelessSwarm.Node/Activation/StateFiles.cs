using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Node.Activation;

/// <summary>Small files of the node in its state directory: replaced by rename, durable before the call returns.</summary>
internal static class StateFiles
{
    /// <summary>Replaces a file.</summary>
    /// <exception cref="IOException">It is the old one still; names the path.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        AtomicRename.Replace(temporary, path);
        Durable.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Removes a file, if it is there.</summary>
    public static void Remove(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        Durable.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>The content of a file of at most <paramref name="maxBytes"/>, or null when there is none or it is larger.</summary>
    public static byte[]? Read(string path, int maxBytes)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            // as long as it is now; one that grows meanwhile is cut, and its reader notices
            if (file.Length > maxBytes)
                return null;
            var bytes = new byte[file.Length];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return bytes[..count];
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
