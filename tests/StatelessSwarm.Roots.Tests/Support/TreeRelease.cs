using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>A release with a real image, made from a tree.</summary>
internal static class TreeRelease
{
    public static async Task<StoredRelease> AddAsync(string tree, string image, ImageFormat format, int number, ReleaseStore store)
    {
        if (format == ImageFormat.SquashFs)
            await Tool.RunAsync("mksquashfs", tree, image, "-quiet", "-no-progress", "-comp", "zstd");
        else
            await Tool.RunAsync("mkfs.erofs", image, tree);
        var bytes = await File.ReadAllBytesAsync(image);
        Array.Resize(ref bytes, (bytes.Length + 4095) / 4096 * 4096);
        return await new SampleRelease(number, bytes, format).AddToAsync(store);
    }
}
