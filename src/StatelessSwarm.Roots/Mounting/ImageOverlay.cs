using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Platform.Mounts;

namespace StatelessSwarm.Roots.Mounting;

/// <summary>A read-only image with a tmpfs of limited size above it, as one root.</summary>
internal static class ImageOverlay
{
    /// <summary>Mounts a tmpfs on <paramref name="upper"/> and the overlay on <paramref name="target"/>; all directories are there.</summary>
    /// <param name="image">Where the image is mounted.</param>
    /// <param name="upper">Where the tmpfs goes; the overlay's files are in <c>u</c>, its work in <c>w</c>.</param>
    /// <param name="target">Where the root goes.</param>
    /// <param name="limits">The tmpfs's limits: <c>size=</c> and <c>nr_inodes=</c>.</param>
    /// <exception cref="IOException">A step failed; what was mounted before it stays.</exception>
    internal static void Mount(string image, string upper, string target, string limits)
    {
        FileSystemMount.Mount("stateless", upper, "tmpfs", MountFlags.None, limits + ",mode=0755");
        var files = Path.Combine(upper, "u");
        var work = Path.Combine(upper, "w");
        Directory.CreateDirectory(files);
        Directory.CreateDirectory(work);
        TakeOver(image, files);
        // Without redirects and metacopy the upper directory alone tells what was changed: whole files and whiteouts.
        FileSystemMount.Mount(
            "stateless",
            target,
            "overlay",
            MountFlags.None,
            $"lowerdir={Escape(image)},upperdir={Escape(files)},workdir={Escape(work)},redirect_dir=off,metacopy=off,xino=auto"
        );
    }

    /// <summary>The kernel's name of a format.</summary>
    /// <exception cref="IOException">It is none of ours.</exception>
    internal static string TypeOf(ImageFormat format) =>
        format switch
        {
            ImageFormat.SquashFs => "squashfs",
            ImageFormat.Erofs => "erofs",
            _ => throw new IOException($"image format {(int)format}: unknown, expected SquashFS or EROFS"),
        };

    /// <summary>The overlay's own root takes mode, owner and time from the upper directory: make them the image's.</summary>
    private static void TakeOver(string source, string target)
    {
        var facts = FileFacts.Of(source) ?? throw new IOException($"{source}: vanished");
        FileFacts.SetOwner(target, facts.UserId, facts.GroupId);
        FileFacts.SetMode(target, facts.Mode);
        Directory.SetLastWriteTimeUtc(target, Directory.GetLastWriteTimeUtc(source));
    }

    /// <summary>overlayfs splits its options at commas and lower directories at colons; a backslash takes that away.</summary>
    private static string Escape(string path) =>
        path.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace(",", "\\,", StringComparison.Ordinal)
            .Replace(":", "\\:", StringComparison.Ordinal);
}
