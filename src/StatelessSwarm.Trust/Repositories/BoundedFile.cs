using StatelessSwarm.Content;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Reads of files whose size nobody has promised.</summary>
internal static class BoundedFile
{
    /// <summary>All bytes of a file of at most <paramref name="maxBytes"/>.</summary>
    /// <exception cref="ContentException">Longer.</exception>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public static byte[] Read(string path, string name, int maxBytes)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
            if (file.Length > maxBytes)
                throw new ContentException($"{name}: {file.Length} bytes, expected at most {maxBytes}.");
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"{path}: no permission to read.", fault);
        }
    }
}
