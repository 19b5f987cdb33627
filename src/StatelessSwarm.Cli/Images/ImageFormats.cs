using StatelessSwarm.Content;
using StatelessSwarm.Content.Images;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary>Names of image formats on the command line and in JSON.</summary>
internal static class ImageFormats
{
    /// <summary>For example <c>squashfs</c>.</summary>
    public static string Name(ImageFormat format) =>
        format switch
        {
            ImageFormat.SquashFs => "squashfs",
            ImageFormat.Erofs => "erofs",
            _ => "unknown",
        };

    /// <summary>The format of a file.</summary>
    /// <exception cref="ContentException">It is no image; names the file.</exception>
    public static ImageFormat Of(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return ImageSuperblock.Read(stream).Format;
        }
        catch (ContentException fault)
        {
            throw new ContentException($"{path}: {fault.Message}", fault);
        }
    }
}
