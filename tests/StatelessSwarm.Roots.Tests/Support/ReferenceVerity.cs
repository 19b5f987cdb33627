using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>The dm-verity root of an image, straight from the kernel's description (format 1, SHA-256, 4096-byte blocks).</summary>
internal static class ReferenceVerity
{
    private const int Block = 4096;

    public static Sha256Digest RootOf(byte[] image, byte[] salt)
    {
        Assert.Equal(0, image.Length % Block);
        var level = image;
        while (true)
        {
            var hashes = new byte[(level.Length / Block * 32 + Block - 1) / Block * Block];
            for (var block = 0; block * Block < level.Length; block++)
                Sha256Digest.HashData([.. salt, .. level.AsSpan(block * Block, Block)]).CopyTo(hashes.AsSpan(block * 32));
            if (level.Length == Block)
                return new Sha256Digest(hashes.AsSpan(0, 32));
            level = hashes;
        }
    }
}
